import { openDataset } from "../../src/data/registry.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { train } from "../../src/train/train.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { runFile } from "../../src/train/run/run_folder.ts";
import { defaultsOf } from "../../src/train/options/defaults.ts";
import { startPeer } from "./peer.ts";
import { type OpenSetup, writeFloats } from "./setup.ts";
import { atThreads, type Turn } from "./turns.ts";

/** Target NLL gap to the true density, in nats. */
const GAP = 0.05;
/** Number of test rows of the evaluation during training. */
const TEST_ROWS = 500;
const SEED = 0;

/** Training settings of the peer. */
const tablePlan = { hidden: 64, lr: 1e-2, warmup: 20, steps: 400, batchSize: 512, clip: 5 };

/**
 * Trains the default CNF on moons from the same weights until its loss on test points is within
 * 0.05 nats of the true density's, evaluated after each epoch; evaluation time is excluded.
 */
export const trainToGapSetup: OpenSetup = async (python, folder) => {
  const data = await openDataset("moons", { seed: SEED, binarize: false, dataDir: null });
  if (data.kind !== "points" || data.density === null) throw new Error("moons has a density");
  const test = Float32Array.from(data.test.points.slice(0, TEST_ROWS * data.dims));
  const trueLoss = -data.density.logDensity(test).reduce((sum, value) => sum + value, 0) /
    TEST_ROWS;
  const { hidden, lr, warmup, steps, batchSize, clip } = defaultsOf("cnf", "mlp");
  await writeFloats(`${folder}/train.f32`, Float32Array.from(data.train.points));
  await writeFloats(`${folder}/test.f32`, test);
  const plans = {
    "the table's plan": tablePlan,
    "Fluxion's plan": { hidden, lr, warmup, steps, batchSize, clip },
  };
  const ours = async (): Promise<Turn> => {
    const run = `${folder}/run`;
    const reached = new AbortController();
    await train({
      ...{ model: "cnf", seed: SEED, backend: "cpu", threads: 2 },
      ...{ evalEvery: 1, saveSeconds: 3600 },
    }, {
      run,
      signal: reached.signal,
      hooks: {
        onEvaluation: ({ testLoss }) => {
          if (testLoss - trueLoss <= GAP) reached.abort();
        },
      },
    });
    const log = await readLog(runFile(run, "log"));
    const isReached = log.evaluations.some(({ testLoss }) => testLoss - trueLoss <= GAP);
    const ms = log.steps.reduce((sum, { stepMs }) => sum + stepMs, 0);
    return { ms: isReached ? ms : null, cpuMs: null, nfe: null, peakBytes: null };
  };
  // With one thread, by far its fastest setting.
  const peer = python?.torchdiffeq
    ? startPeer(python, "train_to_gap.py", { args: [folder], threads: 1 })
    : null;
  return {
    works: {
      train: [
        { name: atThreads("Fluxion", 2), turn: ours },
        ...(peer === null ? [] : Object.entries(plans).map(([name, plan]) => ({
          name: `${atThreads("torchdiffeq", 1)} (${name})`,
          turn: async () => {
            const weights = await writeWeights(folder, plan.hidden!);
            return peer.run(JSON.stringify({ ...plan, weights, trueLoss, gap: GAP }));
          },
        }))),
      ],
    },
    agreements: [],
    isLong: true,
    close: async () => await peer?.close(),
  };
};

/** Writes Fluxion's initial weights of a network for points; returns the file's name. */
async function writeWeights(folder: string, hidden: number): Promise<string> {
  const network = mlpNetwork({ dims: 2, hidden });
  const name = `model-${hidden}.safetensors`;
  const bytes = encodeStateDict(network, initialParameters(network, SEED));
  await Deno.writeFile(`${folder}/${name}`, bytes);
  return name;
}
