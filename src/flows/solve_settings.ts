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
