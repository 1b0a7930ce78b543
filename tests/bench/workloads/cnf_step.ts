import { Parameters } from "../../../src/core/parameters.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { callerKey, keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { moons } from "../../../src/data/densities/moons.ts";
import { meanNfe } from "../../../src/ode/engines/mean_nfe.ts";
import { numberLikelihood } from "../../../src/flows/losses/number_likelihood.ts";
import { logProb } from "../../../src/flows/log_prob.ts";
import {
  accurateSolve,
  type FlowModel,
  priorTime,
  type TraceSettings,
} from "../../../src/flows/model.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { sample } from "../../../src/flows/sample.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import type { Engines } from "../../../src/ode/engines/engines.ts";
import { enginesOf, openDevice } from "../../../src/ode/engines/open_device.ts";
import { drawProbes } from "../../../src/ode/probes.ts";
import { NumberAdam } from "../../../src/train/optimizer/number_adam.ts";
import { Adam } from "../../../src/train/optimizer/optimizer.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { Peers, peerThreads, type Reference } from "../peers/peer.ts";
import { contestantName, timed } from "../turns.ts";
import { lossAndTensors, writeFloats } from "./numbers.ts";
import { once, type OpenSetup, writeSetting } from "./setup.ts";

const TOLERANCE = 1e-5;
/**
 * Largest difference of a log-probability in nats or a coordinate. All solve to 1e-5 with one step
 * size for all points, but choose their steps differently: two peers were 6e-3 apart.
 */
const VALUE_LIMIT = 2e-2;
/** Of a loss in nats, and of a gradient relative to its largest entry: two were 4.5e-3 apart. */
const GRADIENT_LIMIT = 2e-2;

/** A CNF and its work. */
export interface CnfWork {
  readonly dims: number;
  readonly hidden: number;
  readonly trace: TraceSettings["kind"];
  /** Batch sizes of training steps. */
  readonly batches: readonly number[];
  /** Rows that are sampled and whose log-likelihoods are computed; 0: training steps alone. */
  readonly rows: number;
  /**
   * The products of a step are so large that every peer gains by two threads and by hand-written
   * tangents; its other ways, whose turns take many seconds, are left out.
   */
  readonly isWide?: boolean;
}

/**
 * A fresh CNF with dopri5 at 1e-5, on moons or, in other dimensions, normal points: training steps
 * (solve, gradient, clip, Adam), log-likelihoods and samples.
 */
export function cnfSetup({ dims, hidden, trace: kind, batches, rows, isWide }: CnfWork): OpenSetup {
  return async (python, folder) => {
    const { backend } = await openDevice("cpu", { tensors: "onDemand" });
    const network = mlpNetwork({ dims, hidden });
    const weights = initialParameters(network, 0);
    const count = Math.max(rows, ...batches);
    const points = dims === 2
      ? Float32Array.from(moons.draw({ seed: 0, from: subsequences.dataSet }, count).points)
      : fillNormal(callerKey(0), 0, new Float32Array(count * dims));
    const trace: TraceSettings = kind === "exact" ? { kind } : { kind, distribution: "rademacher" };
    const key = keyOf(subsequences.probes, 0, 0);
    const probes = drawProbes({ distribution: "rademacher", key, firstRow: 0 }, count, dims);
    await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
    await writeSetting(folder, { dims, trace: kind, tolerance: TOLERANCE });
    await writeFloats(`${folder}/points.f32`, points);
    await writeFloats(`${folder}/probes.f32`, probes);
    const parameters = Parameters.fromFlat(network.layout, weights);
    const model: FlowModel = {
      ...{ kind: "cnf", network, parameters, path: linearPath(0) },
      ...{ source: standardNormal, standardization: null },
    };
    const moments = Adam.zeros(network.layout.size);
    const adam = await NumberAdam.start({ weights, moments, average: null }, "fastest");
    const gradient = { kind: "direct" } as const;
    /** Like a peer: one step size for all points. */
    const whole = { ...accurateSolve, controlGroup: "batch" } as const;
    const variants = [1, 2].map((threads) => ({
      threads,
      engines: enginesOf(backend, { threads }),
    }));
    const two = variants[1]!.engines;
    // Before any peer answers: its noise is that of our samples.
    const drawn = rows === 0 ? null : await sample(model, two, {
      ...{ count, settings: whole, times: [priorTime("cnf")] },
    });
    await writeFloats(`${folder}/noise.f32`, drawn?.states[0] as Float32Array ?? points);

    const batchOf = (size: number) => ({
      shape: [size, dims] as const,
      values: points.slice(0, dims * size),
    });
    let step = 0;
    /** As `train` takes it; the rate is so small that all turns are one step. */
    const train = async (engines: Engines, size: number) => {
      const settings = { ...accurateSolve, trace, gradient };
      const draw = { seed: 0, step };
      const taken = await numberLikelihood(model, engines, batchOf(size), { settings, draw });
      const fixed = { lr: 1e-9, clip: 5, weightDecay: 0, averageDecay: 0 };
      adam.update(taken.gradient, { ...fixed, step: step++ });
      parameters.replaceNumbers(adam.weights());
      return taken.nfe;
    };
    const gradientAnswer = async (size: number) => {
      const settings = { ...whole, trace, gradient };
      const draw = { seed: 0, step: 0 };
      const taken = await numberLikelihood(model, two, batchOf(size), { settings, draw });
      return lossAndTensors(network, taken.loss, taken.gradient);
    };
    const infer = {
      "log-prob": async (engines: Engines) =>
        meanNfe((await logProb(model, engines, points)).reports),
      sample: async (engines: Engines) =>
        meanNfe((await sample(model, engines, { count })).reports),
    };
    // Busy-waiting, two threads take 7 to 20 times as long as one in torchdiffeq: a step is thousands
    // of small matrix products.
    const { one, asleep, two: awake } = peerThreads;
    const torch = { script: "cnf_torch.py", needs: ["torch", "torchdiffeq"] } as const;
    const jax = { script: "cnf_jax.py", needs: ["jax", "diffrax", "optax"] } as const;
    const torchThreads = isWide ? [asleep, awake] : [one, asleep];
    const peers = {
      autograd: new Peers(python, folder, {
        ...{ ...torch, ways: isWide ? [] : ["autograd"], threads: [one] },
      }),
      torch: new Peers(python, folder, {
        ...{ ...torch, ways: ["tangents", "compiled"], threads: torchThreads },
      }),
      jax: new Peers(python, folder, {
        ...{ ...jax, ways: ["apart", "stacked"], threads: isWide ? [awake] : [one, awake] },
      }),
    };
    const ours = (run: (engines: Engines) => Promise<number | null>) =>
      variants.map(({ threads, engines }) => ({
        ...{ family: "Fluxion", name: contestantName("Fluxion", threads) },
        turn: () => timed(() => run(engines)),
      }));
    const about = `${dims} dimensions, width ${hidden}`;
    const gradientReference = (size: number): Reference => ({
      what: `loss and gradient, ${about}, ${kind} trace, batch ${size}`,
      answer: once(() => gradientAnswer(size)),
      ...{ scale: "gradient", limit: GRADIENT_LIMIT },
    });
    const trainingWork = (size: number) => {
      const reference = gradientReference(size);
      return [
        ...ours((engines) => train(engines, size)),
        ...peers.autograd.contestants("torchdiffeq", `train ${size}`, reference),
        ...peers.torch.contestants("torchdiffeq", `train ${size}`, reference),
        ...peers.jax.contestants("diffrax", `train ${size}`, reference),
        // Several times slower than BacksolveAdjoint in any way; the others would only compile.
        ...peers.torch.contestants("odeint_adjoint", `adjoint ${size}`, reference)
          .filter(({ name }) => name === contestantName("odeint_adjoint compiled", 1)),
        ...peers.jax.contestants("BacksolveAdjoint", `adjoint ${size}`, reference),
      ];
    };
    const inferenceWork = (name: keyof typeof infer) => {
      const reference: Reference = {
        ...{ scale: "absolute", limit: VALUE_LIMIT },
        ...(name === "sample"
          ? {
            what: `samples, ${about}`,
            answer: () => Promise.resolve(drawn!.samples as Float32Array),
          }
          : {
            what: `log-probabilities in nats, ${about}`,
            answer: once(async () =>
              Float32Array.from((await logProb(model, two, points, { settings: whole })).logProb)
            ),
          }),
      };
      return [
        ...ours(infer[name]),
        ...peers.autograd.contestants("torchdiffeq", name, reference),
        ...peers.torch.contestants("torchdiffeq", name, reference),
        ...peers.jax.contestants("diffrax", name, reference),
      ];
    };
    return {
      works: {
        ...Object.fromEntries(batches.map((size) => [`train ${size}`, trainingWork(size)])),
        ...(rows === 0 ? {} : {
          "log-prob": inferenceWork("log-prob"),
          sample: inferenceWork("sample"),
        }),
      },
      close: async () => {
        adam.dispose();
        parameters.dispose();
        for (const group of Object.values(peers)) await group.close();
      },
    };
  };
}
