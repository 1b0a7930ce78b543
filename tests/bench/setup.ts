import type { Backend } from "../../src/backends/backend.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import type { Python } from "./peer.ts";
import type { Contestant } from "./turns.ts";

/** Difference between both sides' results, to verify that they compute the same. */
export interface Agreement {
  readonly what: string;
  readonly difference: number;
  readonly limit: number;
}

/** A model and its peers, ready to run. */
export interface Setup {
  /** Contestants by name of the work. */
  readonly works: Readonly<Record<string, readonly Contestant[]>>;
  /** Empty without a peer. */
  readonly agreements: readonly Agreement[];
  /** The work takes minutes, so it runs once, without a warm-up. */
  readonly isLong?: boolean;
  close(): Promise<void>;
}

/** Opens a setup; each gets a folder of its own for files. */
export type OpenSetup = (python: Python | null, folder: string) => Promise<Setup>;

/** Opens the CPU backend with at most `threads` threads. */
export function openCpu(threads: number): Promise<Backend> {
  return openBackend("cpu", { threads });
}

/** Writes numbers in the format that a peer reads. */
export function writeFloats(path: string, values: Float32Array): Promise<void> {
  return Deno.writeFile(path, new Uint8Array(values.slice().buffer));
}

/** Reads numbers that a peer wrote. */
export async function readFloats(path: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(path)).buffer);
}

/** Largest difference; with `scale` "relative", relative to the largest entry of `b`. */
export function largestDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  scale: "absolute" | "relative",
): number {
  let difference = 0, largest = 0;
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return scale === "absolute" ? difference : difference / largest;
}
