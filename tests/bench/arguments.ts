import { type BenchOptions, parseOptions } from "./options.ts";
import { ALL, rows, rowsNamed } from "./table.ts";

const DEFAULT_ROUNDS = 9;

/**
 * What `deno task bench:cpu` was asked for: `names` are names or prefixes of rows; empty: all but the long
 * ones.
 *
 * @throws {Error} With a message for the user.
 */
export function parseArguments(args: readonly string[]): BenchOptions {
  const parsed = parseOptions(args, { rounds: DEFAULT_ROUNDS, known: ["--rounds", "--python"] });
  const unknown = parsed.names.find((name) => rowsNamed([name]).length === 0);
  if (unknown !== undefined) {
    const known = [ALL, ...rows.map(({ name }) => name)].join(", ");
    throw new Error(`${unknown}: no such row; there are ${known}`);
  }
  return parsed;
}
