import { parseOptions } from "./options.ts";

/** A run of `deno task bench:phases`. */
export interface PhaseRun {
  readonly model: "cnf" | "fm";
  readonly data: string;
}

const DEFAULT_ROUNDS = 3;
const defaultRuns = ["fm:moons", "cnf:moons"];

/**
 * What `deno task bench:phases` was asked for.
 *
 * @throws {Error} With a message for the user.
 */
export function parsePhaseArguments(
  args: readonly string[],
): { readonly rounds: number; readonly runs: readonly PhaseRun[] } {
  const { rounds, names } = parseOptions(args, { rounds: DEFAULT_ROUNDS, known: ["--rounds"] });
  const runs = (names.length === 0 ? defaultRuns : names).map((name) => {
    const [, model, data] = /^(cnf|fm):(.+)$/s.exec(name) ?? [];
    if (data === undefined) {
      throw new Error(`${name}: expected MODEL:DATA with cnf or fm, such as fm:moons`);
    }
    return { model: model as PhaseRun["model"], data };
  });
  return { rounds, runs };
}
