import { requireKnown } from "../core/options/known_names.ts";
import { quotedJson } from "../core/quoted.ts";
import type { SolveSettings } from "./model.ts";

/**
 * Checks that solver settings are whole. A program in JavaScript may give a part of them, with which
 * nothing would be solved and no error raised.
 *
 * @param caller Name of the public function, for the message.
 * @throws {RangeError} For the first setting that is missing or of another kind. Engines check the rest.
 */
export function requireSolveSettings(caller: string, settings: SolveSettings): void {
  const { tableau, control, controlGroup } = settings;
  const must = (holds: boolean, name: keyof SolveSettings, expected: string, found: unknown) => {
    if (holds) return;
    throw new RangeError(
      `${caller}: settings.${name} must be ${expected}, got ${quotedJson(found)}; ` +
        "begin with { ...accurateSolve }",
    );
  };
  must(Array.isArray(tableau?.c), "tableau", "a tableau such as dopri5", tableau);
  const isControl = control?.kind === "fixed" || control?.kind === "adaptive";
  must(isControl, "control", 'of kind "fixed" or "adaptive"', control);
  must(
    controlGroup === "batch" || (Number.isSafeInteger(controlGroup) && controlGroup > 0),
    "controlGroup",
    'a positive whole number or "batch"',
    controlGroup,
  );
}

const method = "settings: { ...accurateSolve, tableau: rk4 }";
const adaptive = 'settings: { ...accurateSolve, control: { kind: "adaptive", rtol, atol } }';

/** Where the settings of a solve are given, by the names that they have here and elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  tableau: method,
  method,
  steps: 'settings: { ...accurateSolve, control: { kind: "fixed", steps } }',
  rtol: adaptive,
  atol: adaptive,
  control: "settings: { ...accurateSolve, control }",
  controlGroup: "settings: { ...accurateSolve, controlGroup }",
  maxSteps: "settings: { ...accurateSolve, maxSteps }",
};

/**
 * Refuses options that `sample()` or `logProb()` does not have.
 *
 * @param names One entry per option.
 * @throws {RangeError} For the first that is unknown.
 */
export function requireFlowOptions(
  caller: string,
  options: object,
  names: Readonly<Record<string, true>>,
): void {
  requireKnown(caller, options, Object.keys(names), ELSEWHERE);
}
