import { drawBatch, type DrawKeys, type FlowMatchingOptions } from "../losses/fm_draws.ts";
import type { FlowModel } from "../model.ts";
import { writeCoefficients } from "../paths/path.ts";
import type { RegressionInputs } from "./regression_steps.ts";

/**
 * Fills in times, path and source draws of a flow-matching step, whose data `inputs.x1` holds, and
 * puts the data in the order of the coupling's pairs. The draws are those of losses/fm_loss.ts.
 *
 * @param options.first Index of the first row in the keys' sequences.
 * @throws {RangeError} If a coupling, source or time sampler gives something invalid.
 */
export function fillInputs(
  inputs: RegressionInputs,
  model: Pick<FlowModel, "path" | "source">,
  options: FlowMatchingOptions & DrawKeys & { readonly first: number },
): void {
  const { x1 } = inputs, count = inputs.times.length, width = x1.length / count;
  const { x0, times, x1Rows } = drawBatch(model, {
    ...options,
    ...{ count, width },
    // A copy: the caller's coupling may keep it.
    get x1() {
      return x1.slice();
    },
  });
  if (x1Rows !== null) {
    const unordered = x1.slice();
    x1Rows.forEach((from, to) =>
      x1.set(unordered.subarray(from * width, (from + 1) * width), to * width)
    );
  }
  inputs.x0.set(x0);
  inputs.times.set(times);
  writeCoefficients(model.path, times, inputs);
}
