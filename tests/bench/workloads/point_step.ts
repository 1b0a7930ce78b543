import { fillNormal, fillUniform } from "../../../src/core/random/random.ts";
import { callerKey } from "../../../src/core/random/subsequences.ts";
import { openDataset } from "../../../src/data/registry.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { runFile } from "../../../src/train/run/run_folder.ts";
import { readLog } from "../../../src/train/run/training_log.ts";
import { train } from "../../../src/train/train.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { Peers, peerThreads, type Reference } from "../peers/peer.ts";
import { contestantName, type Turn } from "../turns.ts";
import { writeFloats } from "./numbers.ts";
import { regressionAnswer } from "./regression_answer.ts";
import { openCpu, type OpenSetup, repeatedState, writeSetting } from "./setup.ts";

/** Steps of a peer's turn. */
const STEPS = 200;
/** Steps of ours, and the first of them, in which engine and compiler start, which do not count. */
const OURS = { fused: [2000, 500], tensors: [STEPS, 20] } as const;
const CLIP = 1;
/** Of a loss, and relative to the largest entry of the rest; both sides are float32. */
const LIMIT = 1e-3;

/** The same network as one of a program's own, whose steps are tensor operations. */
const TENSORS = "tensor operations";
const asTensors = { kind: "mlp-as-tensors", fused: undefined };

/**
 * Training steps of flow matching on moons, per step: rows, noise and times drawn, loss, gradient,
 * clip, Adam. Fluxion's are those of `train()`, with its log and checkpoint.
 */
export function pointSetup(hidden: number, batchSize: number): OpenSetup {
  return async (python, folder) => {
    const data = await openDataset("moons", { seed: 0, binarize: false, dataDir: null });
    if (data.kind !== "points") throw new Error("moons are points");
    const network = mlpNetwork({ dims: 2, hidden });
    const weights = initialParameters(network, 0);
    const points = Float32Array.from(data.train.points);
    const noise = fillNormal(callerKey(0), 0, new Float32Array(2 * batchSize));
    const times = fillUniform(callerKey(0, 1), 0, new Float32Array(batchSize));
    await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
    await writeSetting(folder, { batchSize, steps: STEPS });
    await writeFloats(`${folder}/points.f32`, points);
    await writeFloats(`${folder}/noise.f32`, noise);
    await writeFloats(`${folder}/times.f32`, times);

    const ours = async (way: keyof typeof OURS, threads: number): Promise<Turn> => {
      const run = `${folder}/run`, [steps, first] = OURS[way];
      await train({
        ...(way === "fused" ? { hidden } : { network: { ...network, ...asTensors } }),
        ...{ model: "fm", data: "moons", batchSize, steps, seed: 0, backend: "cpu" },
        ...{ threads, clip: CLIP, ema: 0, evalEvery: 0, saveSeconds: 3600 },
      }, { run, mode: "overwrite" });
      const log = await readLog(runFile(run, "log"));
      const counted = log.steps.slice(first);
      const ms = counted.reduce((sum, { stepMs }) => sum + stepMs, 0) / counted.length;
      return { ms, cpuMs: null, nfe: null, peakBytes: null };
    };
    const reference: Reference = {
      what: `loss and gradient of flow matching on points, width ${hidden}, batch ${batchSize}`,
      answer: async () => {
        await openCpu(2);
        const state = repeatedState(network, weights, { model: "fm", clip: CLIP });
        const x1 = points.slice(0, noise.length);
        const answer = await regressionAnswer(state.model, { x0: noise, x1, times });
        state.dispose();
        return answer;
      },
      ...{ scale: "gradient", limit: LIMIT },
    };
    const peers = {
      torch: new Peers(python, folder, {
        script: "points_torch.py",
        needs: ["torch", "torchdiffeq"],
        ways: ["eager", "fused", "compiled"],
        threads: [peerThreads.one, peerThreads.two],
      }),
      jax: new Peers(python, folder, {
        script: "points_jax.py",
        needs: ["jax", "diffrax", "optax"],
        ways: ["jit", "scan"],
        threads: [peerThreads.one, peerThreads.two],
      }),
    };
    return {
      works: {
        train: [
          ...[1, 2].map((threads) => ({
            ...{ family: "Fluxion", name: contestantName("Fluxion", threads) },
            turn: () => ours("fused", threads),
          })),
          {
            ...{ family: TENSORS, name: contestantName(TENSORS, 2) },
            turn: () => ours("tensors", 2),
          },
          ...peers.torch.contestants("PyTorch", "train", reference),
          ...peers.jax.contestants("JAX", "train", reference),
        ],
      },
      close: async () => {
        await peers.torch.close();
        await peers.jax.close();
      },
    };
  };
}
