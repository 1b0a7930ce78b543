import type { Velocity } from "./solve_through.ts";

/** A point of a trajectory dx/dt = f, and the density there. */
export interface PathPoint {
  /** Time. */
  readonly t: number;
  /** Position, [d]. */
  readonly x: Float64Array;
  /** log p(x, t), in nats. */
  readonly logDensity: number;
}

/** A density transported by a velocity field, the subject of the theorem. */
export interface CarriedDensity {
  /** Name in the result's rows, such as `van-der-pol`. */
  readonly name: string;
  /** The field f. */
  readonly velocity: Velocity;
  /** tr(df/dx) at (x, t). */
  trace(t: number, x: Float64Array): number;
  /** Times at which the equation is checked along trajectories. */
  readonly times: readonly number[];
  /** Steps h of the differences in time, largest first, matched to how fast the field varies. */
  readonly steps: readonly number[];
  /** Starts of `count` trajectories, [d] each; start i depends on (seed, i) only. */
  starts(seed: number, count: number): Float64Array[];
  /**
   * Solves a trajectory and evaluates log p along it, from a closed form or from the flow map's
   * Jacobian, never from an integral of the trace.
   *
   * @param times Ascending.
   */
  follow(start: Float64Array, times: readonly number[]): Promise<PathPoint[]>;
}
