/**
 * Theorems, each with its derivation, numerical check and picture, loaded on demand.
 *
 * @module
 */
export type { CheckOptions, Claim, Theorem, TheoremCheck, TheoremName } from "./theorem.ts";
export { loadTheorem, theoremNames } from "./theorems.ts";
