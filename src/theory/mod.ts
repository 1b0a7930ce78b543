/**
 * Theorems, each with its derivation, its numerical check and its picture. A theorem loads when it
 * is asked for.
 *
 * @module
 */
export type { CheckOptions, Claim, Theorem, TheoremCheck, TheoremName } from "./theorem.ts";
export { loadTheorem, theoremNames } from "./theorems.ts";
