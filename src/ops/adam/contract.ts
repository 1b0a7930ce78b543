/**
 * An operation that a backend may register under this name with tfjs; where it has none,
 * `src/ops/adam/adam_step.ts`, which has its formulas, composes it of tfjs's own.
 *
 *   in   weights, gradient, m, v   [n]  float32
 *        average                   [n]  left out: there is none
 *   out  weights, m, v             [n]  the next ones
 *        average                   [n]  if there is one
 */
export const ADAM_STEP = "FluxionAdamStep";

/** What a step is made with. */
export interface AdamStepSettings {
  /** How many steps were taken before: 0 for the first. */
  readonly step: number;
  /** The learning rate. */
  readonly lr: number;
  /** An L2 penalty. */
  readonly weightDecay: number;
  /** The most that the gradient's Euclidean norm may be; 0: as much as it is. */
  readonly clip: number;
  /** How much of the average is kept, if there is one. */
  readonly averageDecay: number;
}

/** Decays of the two moments, and what keeps the division from zero; PyTorch's defaults. */
export const BETA1 = 0.9;
export const BETA2 = 0.999;
export const EPSILON = 1e-8;

/** What torch.nn.utils.clip_grad_norm_ adds to the norm. */
export const CLIP_EPSILON = 1e-6;

/** What the bias corrections of a step's moments come to. */
export function adamScales(
  { step, lr }: AdamStepSettings,
): { readonly secondScale: number; readonly rate: number } {
  return {
    secondScale: 1 / Math.sqrt(1 - BETA2 ** (step + 1)),
    rate: lr / (1 - BETA1 ** (step + 1)),
  };
}
