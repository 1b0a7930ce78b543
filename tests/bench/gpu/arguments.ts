import { type BenchOptions, parseOptions } from "../options.ts";
import { gpuRows } from "./rows.ts";

/** What `deno task bench:gpu` was asked for: `names` are names of rows; empty: all. */
export interface GpuArguments extends BenchOptions {
  /** Sizes for a software adapter. */
  readonly isToy: boolean;
}

const DEFAULT_ROUNDS = { real: 9, toy: 3 } as const;

/** @throws {Error} With a message for the user. */
export function parseGpuArguments(args: readonly string[]): GpuArguments {
  const isToy = args.includes("--toy");
  const parsed = parseOptions(args.filter((arg) => arg !== "--toy"), {
    rounds: DEFAULT_ROUNDS[isToy ? "toy" : "real"],
    known: ["--toy", "--rounds", "--python"],
  });
  const known = [...gpuRows({ isToy }).map(({ name }) => name), "field"];
  const unknown = parsed.names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${unknown}: no such row; there are ${known.join(", ")}`);
  }
  return { isToy, ...parsed };
}
