import { mlpLayout, type MlpShape } from "../../../src/ops/mlp_field/contract.ts";
import { dopri5 } from "../../../src/ode/tableaus/dopri5.ts";
import { fillNormal, fillUniform } from "../../../src/core/random/random.ts";

/** The solve of most problems of the engines' tests: dopri5 at 1e-5 from 0 to 1, in groups of 8. */
export const dopri5Solve = {
  t0: 0,
  t1: 1,
  tableau: dopri5,
  control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
  controlGroup: 8,
  maxSteps: 1000,
} as const;

/** Weights of a network, flat in device order; `scale` times PyTorch's bounds. */
export function randomWeights(shape: MlpShape, scale = 1): Float32Array {
  const layout = mlpLayout(shape);
  const flat = new Float32Array(layout.size);
  for (const { offset, size, initialBound } of layout.entries) {
    const uniform = fillUniform(
      { seed: 5, stream: 1, subsequence: offset },
      0,
      new Float32Array(size),
    );
    uniform.forEach((u, i) => flat[offset + i] = (2 * u - 1) * initialBound * scale);
  }
  return flat;
}

/** `count` standard normal numbers, a function of `subsequence`. */
export function randomNumbers(count: number, subsequence: number): Float64Array {
  return fillNormal({ seed: 5, stream: 4, subsequence }, 0, new Float64Array(count));
}
