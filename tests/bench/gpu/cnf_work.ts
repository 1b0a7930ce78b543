import * as tf from "@tensorflow/tfjs";
import { callerKey, subsequences } from "../../../src/core/random/subsequences.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { moons } from "../../../src/data/densities/moons.ts";
import type { PointDataset } from "../../../src/data/dataset.ts";
import { cnfLossAndGradient } from "../../../src/flows/losses/cnf_loss.ts";
import { accurateSolve, priorTime } from "../../../src/flows/model.ts";
import { sample } from "../../../src/flows/sample.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { Peers, peerThreads, type Reference } from "../peers/peer.ts";
import { timed } from "../turns.ts";
import { lossAndTensors, writeFloats } from "../workloads/numbers.ts";
import { once, repeatedState, writeSetting } from "../workloads/setup.ts";
import { openGpu, type OpenGpuSetup, OURS, trainingOn } from "./setting.ts";

const DIMS = 2;
const TOLERANCE = 1e-5;
/** As of the CPU's benchmark: step sizes differ, of the batch there and of groups of eight here. */
const GRADIENT_LIMIT = 2e-2;
const SAMPLE_LIMIT = 2e-2;

/** Peers' scripts and families; without a GPU they compute on the CPU. */
const torch = { script: "cnf_torch.py", needs: ["torch", "torchdiffeq"] } as const;
const jax = { script: "cnf_jax.py", needs: ["jax", "diffrax", "optax"] } as const;
// Of the host: two that wait busily take several times as long for thousands of small operations.
const threads = [peerThreads.one];

/** A table of moons, or of other points. */
export function pointsOf(points: Float32Array, dims = DIMS): PointDataset {
  const count = points.length / dims;
  const table = { points, count, labels: null };
  return {
    ...{ kind: "points", name: "bench", dims, train: table, density: null, draw: null },
    test: { points: points.slice(0, 4 * dims), count: 4, labels: null },
  };
}

async function prepared(folder: string, hidden: number, points: Float32Array) {
  const network = mlpNetwork({ dims: DIMS, hidden });
  const weights = initialParameters(network, 0);
  await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
  await writeSetting(folder, { dims: DIMS, trace: "exact", tolerance: TOLERANCE });
  await writeFloats(`${folder}/points.f32`, points);
  await writeFloats(`${folder}/probes.f32`, points);
  return { network, weights };
}

/** Training steps of a CNF: dopri5 at 1e-5, exact trace, groups of eight rows. */
export function cnfStepSetup({ batch, hidden, steps, compiles }: {
  readonly batch: number;
  readonly hidden: number;
  /** Per turn of ours. */
  readonly steps: number;
  /** Whether torch.compile takes part, which takes minutes on two cores. */
  readonly compiles: boolean;
}): OpenGpuSetup {
  return async (python, folder) => {
    const drawn = moons.draw({ seed: 0, from: subsequences.dataSet }, batch).points;
    const points = Float32Array.from(drawn);
    const { network, weights } = await prepared(folder, hidden, points);
    await writeFloats(`${folder}/noise.f32`, points);
    const training = await trainingOn({
      model: "cnf",
      options: {
        ...{ hidden, batchSize: batch, clip: 5, rtol: TOLERANCE, atol: TOLERANCE },
        ...{ trace: "exact", gradient: "direct", regularize: "none", standardize: "none" },
      },
      dataset: pointsOf(points),
    }, { weights, steps });
    const reference: Reference = {
      what: `loss and gradient, width ${hidden}, batch ${batch}`,
      answer: once(async () => {
        const { engines } = await openGpu();
        const { model, dispose } = stateOf(network, weights);
        const rows = tf.tensor2d(points, [batch, DIMS]);
        const trace = { kind: "exact" } as const, gradient = { kind: "direct" } as const;
        const settings = { ...accurateSolve, trace, gradient };
        const taken = await cnfLossAndGradient(model, engines, rows, settings, {
          seed: 0,
          step: 0,
        });
        const [loss, values] = [await taken.loss.data(), await taken.gradient.data<"float32">()];
        tf.dispose([rows, taken.loss, taken.gradient]);
        dispose();
        return lossAndTensors(network, loss[0]!, values);
      }),
      ...{ scale: "gradient", limit: GRADIENT_LIMIT },
    };
    const torchPeers = new Peers(python, folder, {
      ...{ ...torch, ways: compiles ? ["tangents", "compiled"] : ["tangents"], threads },
    });
    const jaxPeers = new Peers(python, folder, { ...jax, ways: ["stacked"], threads });
    return {
      contestants: [
        training.contestant,
        ...torchPeers.contestants("torchdiffeq", `train ${batch}`, reference),
        ...torchPeers.contestants("odeint_adjoint", `adjoint ${batch}`, reference),
        ...jaxPeers.contestants("diffrax", `train ${batch}`, reference),
      ],
      facts: training.facts,
      close: async () => {
        training.close();
        await torchPeers.close();
        await jaxPeers.close();
      },
    };
  };
}

function stateOf(...[network, weights]: [ReturnType<typeof mlpNetwork>, Float32Array]) {
  const state = repeatedState(network, weights, { model: "cnf", clip: 5 });
  return { model: state.model, dispose: () => state.dispose() };
}

/** Samples of a CNF, all in one solve. */
export function cnfSampleSetup(
  { count, hidden }: { readonly count: number; readonly hidden: number },
): OpenGpuSetup {
  return async (python, folder) => {
    const points = fillNormal(callerKey(0), 0, new Float32Array(DIMS * count));
    const { network, weights } = await prepared(folder, hidden, points);
    const { engines } = await openGpu();
    const { model, dispose } = stateOf(network, weights);
    const drawn = await sample(model, engines, { count, times: [priorTime("cnf")] });
    await writeFloats(`${folder}/noise.f32`, drawn.states[0] as Float32Array);
    const reference: Reference = {
      what: `${count} samples, width ${hidden}`,
      answer: () => Promise.resolve(drawn.samples as Float32Array),
      ...{ scale: "rms", limit: SAMPLE_LIMIT },
    };
    const peers = new Peers(python, folder, { ...jax, ways: ["stacked"], threads });
    return {
      contestants: [{
        ...{ family: OURS, name: OURS },
        turn: async () => {
          await openGpu();
          return await timed(async () => {
            const { reports } = await sample(model, engines, { count });
            return reports.reduce((sum, { nfe }) => sum + nfe, 0) / reports.length;
          });
        },
      }, ...peers.contestants("diffrax", "sample", reference)],
      close: async () => {
        dispose();
        await peers.close();
      },
    };
  };
}
