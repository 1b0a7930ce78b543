import * as tf from "../../core/tfjs/library.ts";
import type { Backend } from "../../backends/backend.ts";
import { errorOf, selfTestMessage, type SelfTestResult } from "../../backends/self_test.ts";
import { Parameters } from "../../core/parameters.ts";
import { mlpLayout } from "../../ops/mlp_field/contract.ts";
import { rk4 } from "../tableaus/rk4.ts";
import type { Engine, SolveProblem } from "./engine.ts";
import { enginesOf } from "./open_device.ts";

const shape = { dims: 2, hidden: 8 } as const;
/** Groups of two, the last of one. */
const ROWS = 5;

/** Float32 states of a few steps. */
const TOLERANCE = 1e-4;

/** Whole multiples of 1/8, which are exact. */
function eighths(count: number, factor: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => ((i * factor) % 11 - 5) / 8);
}

/**
 * Compares the solve of a CNF with its likelihood, and its gradient, by a backend's first engine with the portable
 * engine's.
 *
 * @param backend Open and current.
 */
export async function solveSelfTest(backend: Backend): Promise<SelfTestResult> {
  const engines = enginesOf(backend).inOrder;
  const [first, reference] = [engines[0]!, engines.at(-1)!];
  const name = `solve and gradient of a CNF (${first.name})`;
  try {
    const found = await solved(first), expected = await solved(reference);
    backend.check();
    const errors = found.map((values, i) => errorOf(values, [...expected[i]!]));
    // Math.max keeps NaN.
    const relativeError = Math.max(...errors);
    return { name, ok: relativeError <= TOLERANCE, relativeError, message: null };
  } catch (error) {
    return { name, ok: false, relativeError: NaN, message: selfTestMessage(error) };
  }
}

/** y1, and the cotangents of y0 and of the parameters. */
async function solved(engine: Engine): Promise<readonly Float32Array[]> {
  const layout = mlpLayout(shape), width = shape.dims + 1;
  const parameters = Parameters.fromFlat(layout, eighths(layout.size, 7));
  const tensors: tf.Tensor[] = [];
  const owned = (tensor: tf.Tensor2D) => {
    tensors.push(tensor);
    return tensor;
  };
  try {
    const y0 = owned(tf.tensor2d(eighths(ROWS * width, 3), [ROWS, width]));
    const cotangent = owned(tf.tensor2d(eighths(ROWS * width, 5), [ROWS, width]));
    const problem: SolveProblem = {
      field: { kind: "mlp", ...shape, parameters, trace: { kind: "exact" } },
      y0,
      t0: 0,
      t1: 1,
      tableau: rk4,
      control: { kind: "fixed", steps: 3 },
      controlGroup: 2,
      maxSteps: 3,
      keep: { kind: "records" },
    };
    const solution = await engine.solve(problem);
    try {
      const gradient = await engine.pullBack(solution, cotangent, { kind: "direct" });
      tensors.push(gradient.y0, gradient.parameters);
      await gradient.nfe();
      const results = [solution.y1, gradient.y0, gradient.parameters];
      return await Promise.all(results.map((result) => result.data<"float32">()));
    } finally {
      solution.dispose();
    }
  } finally {
    tf.dispose(tensors);
    parameters.dispose();
  }
}
