import { ALL, rows, rowsNamed } from "./table.ts";

const DEFAULT_ROUNDS = 9;

/** What `deno task bench:cpu` was asked for. */
export interface BenchArguments {
  readonly rounds: number;
  /** Names or prefixes of rows; empty: all but the long ones. */
  readonly names: readonly string[];
  /** Interpreter of the peers; null: `python3` from PATH. */
  readonly python: string | null;
}

/** @throws {Error} With a message for the user. */
export function parseArguments(args: readonly string[]): BenchArguments {
  const names: string[] = [];
  let rounds = DEFAULT_ROUNDS, python: string | null = null;
  for (let i = 0; i < args.length; i++) {
    const [word, inline] = args[i]!.split(/=(.*)/s, 2);
    if (!word!.startsWith("-")) {
      names.push(word!);
      continue;
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
      throw new Error(`${word}: no such option; there are --rounds and --python`);
    }
  }
  const unknown = names.find((name) => rowsNamed([name]).length === 0);
  if (unknown !== undefined) {
    const known = [ALL, ...rows.map(({ name }) => name)].join(", ");
    throw new Error(`${unknown}: no such row; there are ${known}`);
  }
  return { rounds, names, python };
}
