/** The shape of a CNF's training step. */
export interface StepWork {
  readonly dims: number;
  readonly hidden: number;
  readonly rows: number;
  /** Field evaluations of the solve, mean over control groups. */
  readonly nfe: number;
}

/**
 * Floating-point operations of one row's velocity and exact trace: values and a tangent per dimension
 * through the products of the ConditionalMLP; a multiply-add counts as two.
 */
export function fieldFlop({ dims, hidden }: Pick<StepWork, "dims" | "hidden">): number {
  const values = 2 * hidden * (dims + 2 * hidden + dims);
  // The first layer's tangents are its weights.
  const tangent = 2 * hidden * (2 * hidden + 1);
  return values + dims * tangent;
}

/**
 * Of a training step: the solve, and its pull-back, which computes each evaluation again, its cotangents
 * and its outer products.
 */
export function stepFlop(work: StepWork): number {
  return 4 * work.rows * work.nfe * fieldFlop(work);
}

/** Shares of the peak at which a step may run: what is required of the field's arithmetic, and the aim. */
const SHARES = { least: 0.25, aim: 0.5 } as const;

/**
 * Milliseconds that a step takes by its arithmetic alone.
 *
 * @param flops Operations per second of a register-only kernel with as many workgroups and threads.
 */
export function predictedMs(work: StepWork, flops: number) {
  const seconds = stepFlop(work) / flops;
  return { least: 1e3 * seconds / SHARES.least, aim: 1e3 * seconds / SHARES.aim };
}
