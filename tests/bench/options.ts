/** Options of a benchmark, besides its own switches. */
export interface BenchOptions {
  readonly rounds: number;
  /** The words that are no options. */
  readonly names: readonly string[];
  /** Interpreter of the peers; null: `python3` from PATH. */
  readonly python: string | null;
}

/**
 * Parses `--rounds N`, `--python PATH` and names of rows.
 *
 * @param options.rounds Rounds without the option.
 * @param options.known The options that there are; others are refused.
 * @throws {Error} With a message for the user.
 */
export function parseOptions(
  args: readonly string[],
  options: { readonly rounds: number; readonly known: readonly string[] },
): BenchOptions {
  const names: string[] = [];
  let { rounds } = options, python: string | null = null;
  for (let i = 0; i < args.length; i++) {
    const [word, inline] = args[i]!.split(/=(.*)/s, 2);
    if (!word!.startsWith("-")) {
      names.push(word!);
      continue;
    }
    if (!options.known.includes(word!)) {
      throw new Error(`${word}: no such option; there are ${options.known.join(", ")}`);
    }
    const value = inline ?? args[++i];
    if (word === "--rounds") {
      rounds = Number(value);
      if (!Number.isInteger(rounds) || rounds < 1) {
        throw new Error(`--rounds: expected a whole number from 1, got ${value ?? "nothing"}`);
      }
    } else if (word === "--python") {
      if (!value) throw new Error("--python: expected the path of an interpreter, got nothing");
      python = value;
    } else {
      throw new Error(`${word}: takes no value`);
    }
  }
  return { rounds, names, python };
}
