import type { Engines } from "../../ode/engines/engines.ts";

/** Inputs of a self-test. */
export interface SelfTestOptions {
  /** Seed of the points. */
  readonly seed: number;
  /** Engines of the open backend. */
  readonly engines: Engines;
}
