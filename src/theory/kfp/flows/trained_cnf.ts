import { mlpAt, mlpFloat64, unitVectors } from "../../../ops/mlp_field/float64.ts";
import { type MlpNetwork, mlpNetwork } from "../../../nn/mlp/network.ts";
import { decodeStateDict, stateDictWeights } from "../../../train/weights/state_dict.ts";
import type { CarriedDensity } from "../carried_density.ts";
import { fromBase64 } from "../../../core/base64.ts";
import stateDict from "../cnf.safetensors.b64" with { type: "text" };
import { followFlow } from "./flow_map.ts";
import { gaussianPoints, isotropicLogDensity } from "../gaussian.ts";
import { halvings } from "../measurement.ts";
import type { Velocity } from "../solve_through.ts";

/*
 * cnf.safetensors is the `model.safetensors` of
 *
 *   fluxion train cnf --data moons --hidden 32 --batch-size 64 --steps 600 --seed 0 --backend cpu
 *
 * (46 s on one core). It is embedded so that the check covers the same model on every backend
 * within seconds; tests/theory/kfp/flows/trained_cnf_test.ts verifies that it is trained.
 */

/** Network of the embedded CNF. */
export const cnfNetwork: MlpNetwork = mlpNetwork({ dims: 2, hidden: 32 });

/** Weights of the embedded CNF, flat, in device order. */
export const cnfWeights: Float32Array = stateDictWeights(
  decodeStateDict(fromBase64(stateDict), "cnf.safetensors"),
  cnfNetwork,
);

const net = mlpFloat64(cnfNetwork.sizes, Float64Array.from(cnfWeights));
const directions = unitVectors(cnfNetwork.rowWidth);
const prior = { mean: [0, 0], std: 1 } as const;

const velocity: Velocity = (t, x) => mlpAt(net, { x, t }, []).velocity;

/**
 * The density of a CNF trained on two moons, in float64. A trajectory starts at the prior, t = 1,
 * and is solved towards the data, t = 0:
 * log p(x(t), t) = log N(z; 0, I) - log|det d x(t) / d z|, by {@link followFlow}.
 */
export const trainedCnf: CarriedDensity = {
  name: "cnf",
  velocity,
  trace: (t, x) => mlpAt(net, { x, t }, directions).divergence,
  times: [0.25, 0.5, 0.75],
  // The time embedding contains sin(k pi t) up to k = 16, with period 1/8: use finer steps.
  steps: halvings(2 ** -7),
  starts: (seed, count) => gaussianPoints(seed, count, prior),
  async follow(z, times) {
    const atPrior = isotropicLogDensity(z, { mean: prior.mean, variance: 1 });
    const falling = times.toReversed();
    const points = await followFlow(velocity, { t: 1, x: z }, falling);
    return points.map(({ x, logDet }, i) => ({
      t: falling[i]!,
      x,
      logDensity: atPrior - logDet,
    })).toReversed();
  },
};
