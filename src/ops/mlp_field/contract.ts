import { layoutOf, type ParameterEntry, type ParameterLayout } from "../../core/parameters.ts";

/**
 * A ConditionalMLP over points, the velocity of a flow:
 *
 *   h1 = tanh(x W0 + b0 + e(t)),  h2 = tanh(h1 W1 + b1),  h3 = tanh(h2 W2 + b2)
 *   f  = h3 W3 + b3
 *
 * with e(t) the time embedding of width `hidden`. Its divergence is the sum (exact) or the mean
 * over probes (Hutchinson) of e.(J e), with J e by forward mode.
 *
 * Shapes, row-major, here and in every implementation:
 *
 *   x, f       [n, dims]
 *   embedding  [n, hidden]       from `embeddingRows()`
 *   W0         [dims, hidden]    device order; PyTorch's x_proj.weight transposed
 *   W1, W2     [hidden, hidden]  backbone.0, backbone.2
 *   W3         [hidden, dims]    backbone.4
 */
export interface MlpShape {
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the hidden layers; even, as the time embedding requires. */
  readonly hidden: number;
}

/** Parameter layout of a ConditionalMLP with named entries. */
export interface MlpLayout extends ParameterLayout {
  readonly inputWeight: ParameterEntry;
  readonly inputBias: ParameterEntry;
  readonly hidden1Weight: ParameterEntry;
  readonly hidden1Bias: ParameterEntry;
  readonly hidden2Weight: ParameterEntry;
  readonly hidden2Bias: ParameterEntry;
  readonly outputWeight: ParameterEntry;
  readonly outputBias: ParameterEntry;
}

/**
 * The layout with PyTorch's names.
 *
 * @throws {RangeError} If `dims` or `hidden` is not a positive integer, or `hidden` is odd.
 */
export function mlpLayout({ dims, hidden }: MlpShape): MlpLayout {
  if (!(Number.isInteger(dims) && dims > 0)) {
    throw new RangeError(`mlp: dims must be a positive whole number, got ${dims}`);
  }
  if (!(Number.isInteger(hidden) && hidden > 0 && hidden % 2 === 0)) {
    throw new RangeError(`mlp: hidden must be a positive even number, got ${hidden}`);
  }
  const layout = layoutOf([
    { kind: "linear", name: "x_proj", inputs: dims, outputs: hidden },
    { kind: "linear", name: "backbone.0", inputs: hidden, outputs: hidden },
    { kind: "linear", name: "backbone.2", inputs: hidden, outputs: hidden },
    { kind: "linear", name: "backbone.4", inputs: hidden, outputs: dims },
  ]);
  const entry = (index: number) => layout.entries[index]!;
  return {
    ...layout,
    inputWeight: entry(0),
    inputBias: entry(1),
    hidden1Weight: entry(2),
    hidden1Bias: entry(3),
    hidden2Weight: entry(4),
    hidden2Bias: entry(5),
    outputWeight: entry(6),
    outputBias: entry(7),
  };
}
