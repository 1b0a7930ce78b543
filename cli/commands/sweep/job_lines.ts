import { InputError, shellQuoted } from "@fluxion/fluxion/core";
import { asFlag, type ModelName, trainOptionNames } from "@fluxion/fluxion/options";
import type { PlacedRun } from "./placed_run.ts";

/**
 * The shell line that trains a run: from the start, or from its checkpoint if it was interrupted; a
 * finished run stays as it is.
 *
 * @param program What to type for `fluxion`.
 * @throws {InputError} If it would be more than one line.
 */
export function jobLine(
  model: ModelName,
  { folder, options, config }: PlacedRun,
  program: string,
): string {
  const args = trainOptionNames.flatMap((name) => {
    const value = options[name];
    if (value === undefined) return [];
    if (typeof value === "boolean") return [asFlag(name, String(value))];
    const flag = asFlag(name);
    const values: readonly (string | number)[] = typeof value === "object" ? value : [value];
    return values.flatMap((one) =>
      String(one).startsWith("-") ? [`${flag}=${one}`] : [flag, `${one}`]
    );
  });
  const file = config === undefined ? [] : ["--config", config];
  const rest = ["--run", folder, ...file, ...args, "--quiet"].map(shellQuoted).join(" ");
  const resume = `$([ -e ${shellQuoted(`${folder}/config.json`)} ] && echo --resume)`;
  const line = `${program} train ${model} ${resume} ${rest}`;
  if (/[\r\n]/.test(line)) {
    throw new InputError(`${line}: a value has a line break, a job is one line; rename the file`);
  }
  return line;
}
