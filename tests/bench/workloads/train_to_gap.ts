import { openDataset } from "../../../src/data/registry.ts";
import { logProb } from "../../../src/flows/log_prob.ts";
import { accurateSolve } from "../../../src/flows/model.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import { defaultsOf } from "../../../src/train/options/defaults.ts";
import { runFile } from "../../../src/train/run/run_folder.ts";
import { readLog } from "../../../src/train/run/training_log.ts";
import { train } from "../../../src/train/train.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { Peers, peerThreads, type Reference } from "../peers/peer.ts";
import { contestantName, type Turn } from "../turns.ts";
import { writeFloats } from "./numbers.ts";
import { type OpenSetup, repeatedState } from "./setup.ts";

/** Target NLL gap to the true density, in nats. */
const GAP = 0.05;
/** Number of test rows of the evaluation during training. */
const TEST_ROWS = 500;
const SEED = 0;
/** Of the peers besides Fluxion's own default: theirs is for all points together, and coarser. */
const PEER_TOLERANCE = 1e-4;
/** Of the log-probabilities that both sides give to the test rows before training, in nats; see cnf_step.ts. */
const LIMIT = 2e-2;

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
  const { hidden, lr, warmup, steps, batchSize, clip, rtol } = defaultsOf("cnf", "mlp");
  const network = mlpNetwork({ dims: data.dims, hidden: hidden! });
  const weights = initialParameters(network, SEED);
  await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
  await writeFloats(`${folder}/train.f32`, Float32Array.from(data.train.points));
  await writeFloats(`${folder}/test.f32`, test);
  const plan = (tolerance: number) =>
    JSON.stringify({
      ...{ lr, warmup, steps, batchSize, clip, tolerance, weights: "model", trueLoss, gap: GAP },
    });
  const ours = async (): Promise<Turn> => {
    const run = `${folder}/run`;
    const reached = new AbortController();
    await train({
      ...{ model: "cnf", seed: SEED, backend: "cpu", threads: 2 },
      ...{ evalEvery: 1, saveSeconds: 3600 },
    }, {
      run,
      mode: "overwrite",
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
  const reference: Reference = {
    what: "log-probabilities in nats of the test rows, before training",
    answer: async () => {
      const engines = enginesOf(await openBackend("cpu"), { threads: 2 });
      const state = repeatedState(network, weights, { model: "cnf", clip: clip! });
      const settings = { ...accurateSolve, controlGroup: "batch" } as const;
      const values = await logProb(state.model, engines, test, { settings });
      state.dispose();
      return Float32Array.from(values.logProb);
    },
    ...{ scale: "absolute", limit: LIMIT },
  };
  const peers = {
    // With one thread, its fastest.
    torch: new Peers(python, folder, {
      script: "gap_torch.py",
      needs: ["torch", "torchdiffeq"],
      ways: ["compiled"],
      threads: [peerThreads.one],
    }),
    jax: new Peers(python, folder, {
      script: "gap_jax.py",
      needs: ["jax", "diffrax", "optax"],
      ways: ["stacked"],
      threads: [peerThreads.one, peerThreads.two],
    }),
  };
  return {
    works: {
      train: [
        { family: "Fluxion", name: contestantName("Fluxion", 2), turn: ours },
        ...[...new Set([rtol!, PEER_TOLERANCE])].flatMap((tolerance) => {
          const rest = [plan(tolerance), reference, `at ${tolerance}`] as const;
          return [
            ...peers.torch.contestants("torchdiffeq", ...rest),
            ...peers.jax.contestants("diffrax", ...rest),
          ];
        }),
      ],
    },
    coldRounds: 1,
    close: async () => {
      await peers.torch.close();
      await peers.jax.close();
    },
  };
};
