/**
 * An operation that backends may register with tfjs under this name; otherwise
 * `src/ops/adam/adam_step.ts`, which has the formulas, composes it from tfjs operations.
 *
 *   in   weights, gradient, m, v   [n]  float32
 *        average                   [n]  optional
 *   out  weights, m, v             [n]  updated
 *        average                   [n]  if given
 */
export const ADAM_STEP = "FluxionAdamStep";

/** Settings of a step. */
export interface AdamStepSettings {
  /** Number of steps taken before: 0 for the first. */
  readonly step: number;
  /** Learning rate. */
  readonly lr: number;
  /** Coefficient of the L2 penalty. */
  readonly weightDecay: number;
  /** Maximum Euclidean norm of the gradient; 0 disables clipping. */
  readonly clip: number;
  /** Decay of the average, if there is one. */
  readonly averageDecay: number;
}

/** Decays of the two moments and the epsilon of the division; PyTorch's defaults. */
export const BETA1 = 0.9;
export const BETA2 = 0.999;
export const EPSILON = 1e-8;

/** Added to the norm by torch.nn.utils.clip_grad_norm_. */
export const CLIP_EPSILON = 1e-6;

/** Bias-correction factors of a step's moments. */
export function adamScales(
  { step, lr }: Pick<AdamStepSettings, "step" | "lr">,
): { readonly secondScale: number; readonly rate: number } {
  return {
    secondScale: 1 / Math.sqrt(1 - BETA2 ** (step + 1)),
    rate: lr / (1 - BETA1 ** (step + 1)),
  };
}
