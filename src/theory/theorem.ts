import type { Backend } from "../backends/backend.ts";

/** The theorems that Fluxion proves, checks and draws. */
export type TheoremName = "kfp" | "ddpm" | "fm-variance";

/** One statement that a check put to the test. */
export interface Claim {
  /** For people: what ought to hold. */
  readonly statement: string;
  /** What was measured. */
  readonly observed: number;
  /** Standard error of `observed`; null where it is not random. */
  readonly stdErr: number | null;
  /** What the theorem says. */
  readonly expected: number;
  /** Most that `observed` may differ from `expected`. */
  readonly tolerance: number;
  /** Whether |observed - expected| <= tolerance; false for NaN. */
  readonly pass: boolean;
}

/** What a check found; `JSON.stringify` of it is what `fluxion theory NAME --json` prints. */
export interface TheoremCheck {
  /** Which theorem. */
  readonly name: TheoremName;
  /** Whether every claim passed. */
  readonly pass: boolean;
  /** Every statement that was tested. */
  readonly claims: readonly Claim[];
  /** The measurements, a record each; their keys are the theorem's. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** What a check is given. */
export interface CheckOptions {
  /** Of all that is random. */
  readonly seed: number;
  /** The open backend on which models and engines run; the rest is float64 on plain arrays. */
  readonly backend: Backend;
}

/** A theorem: its proof, the program that checks it, and its picture. */
export interface Theorem<Check extends TheoremCheck = TheoremCheck> {
  /** As the command line names it. */
  readonly name: TheoremName;
  /** One line. */
  readonly title: string;
  /** Markdown with LaTeX between $ and $, or on lines of its own between $$ and $$. */
  readonly derivation: string;
  /** What `picture` shows, in words. */
  readonly alt: string;
  /** Puts the theorem to the test. */
  check(options: CheckOptions): Promise<Check>;
  /** Draws a check: a PNG file. */
  picture(check: Check): Promise<Uint8Array>;
}

/** A claim that is judged. */
export function claim(
  statement: string,
  measured: Pick<Claim, "observed" | "expected" | "tolerance"> & { readonly stdErr?: number },
): Claim {
  const { observed, expected, tolerance, stdErr = null } = measured;
  const pass = Math.abs(observed - expected) <= tolerance;
  return { statement, observed, stdErr, expected, tolerance, pass };
}
