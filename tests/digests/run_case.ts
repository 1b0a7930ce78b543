import assert from "node:assert/strict";
import { fluxion, inFolder } from "../cli/_fluxion.ts";
import type { Case, Result } from "./cases.ts";
import { digest, tensorsDigest } from "./digest.ts";
import { writeInputFiles } from "./input_files.ts";

/** Results by the command's name and the result's; digests, or the numbers themselves. */
export type Results = Record<string, string | readonly number[]>;

/** The same bits on every machine, whatever the threads. */
const device = ["--backend", "cpu", "--threads", "2", "--portable-bits", "--quiet"];

/** Runs a case in a folder of its own. */
export async function runCase({ commands }: Case): Promise<Results> {
  const results: Results = {};
  await inFolder(async (folder) => {
    await writeInputFiles(folder);
    for (const { name, args, result } of commands) {
      const around = { cwd: folder, env: { INIT_CWD: folder } };
      const { code, stdout, stderr } = await fluxion([...args, ...device], around);
      assert.equal(code, 0, `fluxion ${args.join(" ")}: ${stderr}`);
      for (const [what, value] of Object.entries(await resultsOf(result, folder, stdout))) {
        results[what === "" ? name : `${name}: ${what}`] = value;
      }
    }
  });
  return results;
}

async function resultsOf(result: Result, folder: string, stdout: string): Promise<Results> {
  switch (result.kind) {
    case "run": {
      const lines = (await Deno.readTextFile(`${folder}/run/log.jsonl`)).trimEnd().split("\n");
      const entries = lines.map((line) => JSON.parse(line));
      const tensors = async (name: string) =>
        await tensorsDigest(await Deno.readFile(`${folder}/run/${name}.safetensors`));
      return {
        losses: entries.flatMap(({ loss }) => loss ?? []),
        nfe: entries.flatMap(({ nfe }) => nfe ?? []),
        testLoss: entries.flatMap(({ testLoss }) => testLoss ?? []),
        model: await tensors("model"),
        checkpoint: await tensors("checkpoint"),
      };
    }
    case "file":
      return { "": await digest(await Deno.readFile(`${folder}/${result.name}`)) };
    case "stdout":
      return { "": await digest(stdout) };
    case "json": {
      const values = JSON.parse(stdout);
      return Object.fromEntries(result.keys.map((key) => [key, [values[key]]]));
    }
    default:
      return result satisfies never;
  }
}
