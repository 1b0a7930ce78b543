import { gpuRows } from "./rows.ts";

/** What `deno task bench:gpu` was asked for. */
export interface GpuArguments {
  /** Sizes for a software adapter. */
  readonly isToy: boolean;
  readonly rounds: number;
  /** Names of rows; empty: all. */
  readonly names: readonly string[];
  /** Interpreter of the peers; null: `python3` from PATH. */
  readonly python: string | null;
}

const DEFAULT_ROUNDS = { real: 9, toy: 3 } as const;

/** @throws {Error} With a message for the user. */
export function parseGpuArguments(args: readonly string[]): GpuArguments {
  const isToy = args.includes("--toy");
  const names: string[] = [];
  let rounds: number = DEFAULT_ROUNDS[isToy ? "toy" : "real"], python: string | null = null;
  const rest = args.filter((arg) => arg !== "--toy");
  for (let i = 0; i < rest.length; i++) {
    const [word, inline] = rest[i]!.split(/=(.*)/s, 2);
    if (!word!.startsWith("-")) {
      names.push(word!);
      continue;
    }
    const value = inline ?? rest[++i];
    if (word === "--rounds") {
      rounds = Number(value);
      if (!Number.isInteger(rounds) || rounds < 1) {
        throw new Error(`--rounds: expected a whole number from 1, got ${value ?? "nothing"}`);
      }
    } else if (word === "--python") {
      if (!value) throw new Error("--python: expected the path of an interpreter, got nothing");
      python = value;
    } else {
      throw new Error(`${word}: no such option; there are --toy, --rounds and --python`);
    }
  }
  const known = [...gpuRows({ isToy }).map(({ name }) => name), "field"];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${unknown}: no such row; there are ${known.join(", ")}`);
  }
  return { isToy, rounds, names, python };
}
