/** How the learning rate goes: a rise over `warmup` steps, then constant or a half cosine. */
export interface Schedule {
  /** What follows the rise. */
  readonly kind: "constant" | "cosine";
  /** Highest rate. */
  readonly lr: number;
  /** Steps over which the rate rises in a line to `lr`. */
  readonly warmup: number;
  /** The step at which a cosine reaches zero; a constant schedule ignores it. */
  readonly horizon: number;
}

/**
 * The learning rate of a training step.
 *
 * Step s < warmup has lr * (s + 1) / warmup. Later a cosine has
 * lr / 2 * (1 + cos(pi * (s - warmup) / (horizon - warmup))): the form of
 * Loshchilov & Hutter 2017, SGDR, equation 5, without restarts. From the
 * horizon on the rate of the step before it holds, which is small but not zero,
 * so that a run which is prolonged goes on learning.
 *
 * @param step From 0.
 */
export function learningRate({ kind, lr, warmup, horizon }: Schedule, step: number): number {
  const s = kind === "cosine" ? Math.min(step, Math.max(0, horizon - 1)) : step;
  if (s < warmup) return lr * (s + 1) / warmup;
  if (kind === "constant") return lr;
  return lr / 2 * (1 + Math.cos(Math.PI * (s - warmup) / Math.max(1, horizon - warmup)));
}
