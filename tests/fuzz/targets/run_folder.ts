import assert from "node:assert/strict";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { importWeights } from "../../../src/train/weights/import_weights.ts";
import { readRun } from "../../../src/train/run/load_run.ts";
import { runFile, runFiles } from "../../../src/train/run/run_folder.ts";
import { logMetrics } from "../../../src/train/run/run_metrics.ts";
import { readMetrics } from "../../../src/train/run/run_metrics.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { cutLog, readLog } from "../../../src/train/run/training_log.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { json, mutated, strangeJson, wholeNumber } from "../values.ts";
import { makeConfig } from "./config.ts";
import { makeSafetensors } from "./safetensors.ts";

const files = ["config", "model", "checkpoint", "log", "metrics"] as const;
const network = mlpNetwork({ dims: 2, hidden: 4 });

/** A run that {@link importWeights} made, its files' bytes by name. */
async function makeRun(folder: string): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  await Deno.writeFile(`${folder}/w`, encodeStateDict(network, initialParameters(network, 0)));
  await importWeights("cnf", `${folder}/w`, { run: folder + "/run" });
  const entry = { step: 1, loss: 1.5, stepMs: 2, nfe: 20 };
  await Deno.writeTextFile(runFile(`${folder}/run`, "log"), `${JSON.stringify(entry)}\n`);
  const read = async (file: typeof files[number]) =>
    [file, await Deno.readFile(runFile(`${folder}/run`, file))] as const;
  return new Map(await Promise.all(files.map(read)));
}

function logLine(random: Random): string {
  const value = () => random.chance(0.6) ? wholeNumber(random) : json(random, 1);
  const given = ["step", "loss", "stepMs", "nfe", "epoch", "testLoss"].filter(() =>
    random.chance(0.7)
  );
  return random.chance(0.9)
    ? JSON.stringify(Object.fromEntries(given.map((key) => [key, value()])))
    : strangeJson(random);
}

/** Bytes for a file of a run: others of its kind, or its own with a few changes. */
function damaged(file: string, own: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.4)) return mutated(own, random);
  switch (file) {
    case "config":
      return makeConfig(random);
    case "log":
      return new TextEncoder().encode(
        Array.from({ length: random.below(8) }, () => logLine(random)).join("\n"),
      );
    case "metrics":
      return new TextEncoder().encode(
        random.chance(0.2) ? strangeJson(random) : JSON.stringify(json(random)),
      );
    default:
      return makeSafetensors(random);
  }
}

/**
 * A run's folder with one file that is not as it was written. An input is the number of the file,
 * a byte, and its content.
 *
 * @param folder A folder of its own.
 */
export async function runFolder(folder: string): Promise<FuzzTarget> {
  const whole = await makeRun(folder);
  const run = `${folder}/run`;
  return {
    name: "run-folder",
    make(random) {
      const number = random.below(files.length);
      const own = whole.get(files[number]!)!;
      return Uint8Array.of(number, ...damaged(files[number]!, own, random));
    },
    async parse(bytes) {
      const file = files[(bytes[0] ?? 0) % files.length]!;
      const path = `${run}/${runFiles[file]}`;
      await Deno.writeFile(path, bytes.subarray(1));
      try {
        await readMetrics(run);
        const log = await readLog(runFile(run, "log"));
        logMetrics(log);
        if (file === "log") {
          assert.deepEqual(await cutLog(path, Infinity), log);
          return;
        }
        await readRun(run, "raw");
        await readRun(run, "ema");
      } finally {
        await Deno.writeFile(path, whole.get(file)!);
      }
    },
  };
}
