import type {
  Engine,
  GradientMethod,
  GradientNumbers,
  Solution,
  SolutionNumbers,
} from "../../ode/engines/engine.ts";

/**
 * A solution as numbers.
 *
 * @throws {RangeError} If the engine has none.
 */
export function numbersOf({ numbers }: Solution): SolutionNumbers {
  if (numbers === undefined) throw new RangeError("the engine has solutions as tensors only");
  return numbers;
}

/**
 * VJP of a solve as numbers.
 *
 * @param cotangent [n * w] cotangent of y1.
 * @throws {RangeError} If the engine has tensors only.
 * @throws {FailureError} If the solve or the adjoint solve of a group failed.
 */
export async function pullBackNumbers(
  { engine, solution }: { readonly engine: Engine; readonly solution: Solution },
  cotangent: Float32Array,
  method: GradientMethod,
): Promise<GradientNumbers> {
  const gradient = await engine.pullBackNumbers?.(solution, cotangent, method);
  if (gradient === undefined) {
    throw new RangeError(`${engine.name}: the engine has gradients as tensors only`);
  }
  return gradient;
}
