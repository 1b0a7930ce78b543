import type { TrainConfig } from "../options/table.ts";

/** Learning rate schedule: linear warm-up over `warmup` steps, then constant or a half cosine. */
export interface Schedule {
  /** Shape after the warm-up. */
  readonly kind: "constant" | "cosine";
  /** Peak rate. */
  readonly lr: number;
  /** Steps over which the rate rises linearly to `lr`. */
  readonly warmup: number;
  /** Step at which a cosine reaches zero; ignored by a constant schedule. */
  readonly horizon: number;
}

/** The schedule of a run's options. */
export function scheduleOf(
  { schedule, lr, warmup, lrHorizon = Infinity }: Pick<
    TrainConfig,
    "schedule" | "lr" | "warmup" | "lrHorizon"
  >,
): Schedule {
  return { kind: schedule, lr, warmup, horizon: lrHorizon };
}

/**
 * Learning rate of a training step.
 *
 * During warm-up (s < warmup) it is lr * (s + 1) / warmup, then for a cosine
 * lr / 2 * (1 + cos(pi * (s - warmup) / (horizon - warmup))): the form of Loshchilov & Hutter 2017,
 * SGDR, equation 5, without restarts. From the horizon on it stays at its last value, which is
 * not zero but too small to learn much: a prolonged run needs a later horizon.
 *
 * @param step From 0.
 */
export function learningRate({ kind, lr, warmup, horizon }: Schedule, step: number): number {
  const s = kind === "cosine" ? Math.min(step, Math.max(0, horizon - 1)) : step;
  if (s < warmup) return lr * (s + 1) / warmup;
  if (kind === "constant") return lr;
  return lr / 2 * (1 + Math.cos(Math.PI * (s - warmup) / Math.max(1, horizon - warmup)));
}
