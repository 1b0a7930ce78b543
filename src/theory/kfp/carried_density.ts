import type { Velocity } from "./solve_through.ts";

/** A point of a trajectory dx/dt = f, and the density there. */
export interface PathPoint {
  /** When. */
  readonly t: number;
  /** Where, [d]. */
  readonly x: Float64Array;
  /** log p(x, t), in nats. */
  readonly logDensity: number;
}

/** A density that a velocity field carries along: what the theorem is about. */
export interface CarriedDensity {
  /** In rows, such as `van-der-pol`. */
  readonly name: string;
  /** f. */
  readonly velocity: Velocity;
  /** tr(df/dx) at (x, t). */
  trace(t: number, x: Float64Array): number;
  /** When trajectories are looked at. */
  readonly times: readonly number[];
  /** Steps h of the finite differences in time, largest first, that suit how fast the field varies. */
  readonly steps: readonly number[];
  /** Where `count` trajectories start, [d] each: a function of (seed, number). */
  starts(seed: number, count: number): Float64Array[];
  /**
   * A trajectory from its start, and log p along it: from a closed form or from the flow map,
   * never from an integral of the trace.
   *
   * @param times Rising.
   */
  follow(start: Float64Array, times: readonly number[]): Promise<PathPoint[]>;
}
