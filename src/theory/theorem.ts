import type { Backend } from "../backends/backend.ts";
import type { Panel } from "../plot/panels_plot.ts";
import type { Statement } from "./statement.ts";

/** The theorems that Fluxion proves, checks and draws. */
export type TheoremName = "kfp" | "ddpm" | "fm-variance";

/** One tested statement of a check. */
export interface Claim {
  /** The statement in words, for display. */
  readonly statement: string;
  /** The same as Markdown with LaTeX between $ and $, if it has formulas. */
  readonly markdown?: string;
  /** Measured value. */
  readonly observed: number;
  /** Standard error of `observed`; null where it is not random. */
  readonly stdErr: number | null;
  /** Value that the theorem predicts. */
  readonly expected: number;
  /** Largest allowed |observed - expected|. */
  readonly tolerance: number;
  /** Whether |observed - expected| <= tolerance; false for NaN. */
  readonly pass: boolean;
}

/** Result of a check; `fluxion theory NAME --json` prints it with `JSON.stringify`. */
export interface TheoremCheck {
  /** Which theorem. */
  readonly name: TheoremName;
  /** Whether every claim passed. */
  readonly pass: boolean;
  /** All tested statements. */
  readonly claims: readonly Claim[];
  /** The measurements, one record per row; the keys depend on the theorem. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** Inputs of a check. */
export interface CheckOptions {
  /** Seed of all random draws. */
  readonly seed: number;
  /** Open backend for models and engines; everything else is float64 on plain arrays. */
  readonly backend: Backend;
}

/** A theorem with its proof, its numerical check and its picture. */
export interface Theorem<Check extends TheoremCheck = TheoremCheck> {
  /** Name on the command line. */
  readonly name: TheoremName;
  /** One-line title. */
  readonly title: string;
  /** The statement and the idea of the proof, at most 11 lines of 80 columns; Markdown with LaTeX. */
  readonly brief: string;
  /** The full proof. Markdown with inline LaTeX between $ and $, and display LaTeX between $$ and $$. */
  readonly derivation: string;
  /** Alternative text of the picture. */
  readonly alt: string;
  /** Runs the numerical check. */
  check(options: CheckOptions): Promise<Check>;
  /** What the picture of a check shows: may take seconds, and can be drawn in several sizes. */
  panels(check: Check): Promise<readonly Panel[]>;
  /** Draws these panels under a title, as a PNG file. */
  picture(check: Check): Promise<Uint8Array>;
}

/** Makes a claim and decides whether it passes. */
export function claim(
  stated: string | Statement,
  measured: Pick<Claim, "observed" | "expected" | "tolerance"> & { readonly stdErr?: number },
): Claim {
  const { observed, expected, tolerance, stdErr = null } = measured;
  const pass = Math.abs(observed - expected) <= tolerance;
  const words = typeof stated === "string" ? { statement: stated } : stated;
  return { ...words, observed, stdErr, expected, tolerance, pass };
}
