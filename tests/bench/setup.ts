import type { Backend } from "../../src/backends/backend.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import type { Python } from "./peer.ts";
import type { Contestant } from "./turns.ts";

/** That both sides do the same: how far their answers are apart. */
export interface Agreement {
  readonly what: string;
  readonly difference: number;
  readonly limit: number;
}

/** A model with its peers, ready to work. */
export interface Setup {
  /** Who does each work, by its name. */
  readonly works: Readonly<Record<string, readonly Contestant[]>>;
  /** Empty where there is no peer. */
  readonly agreements: readonly Agreement[];
  /** Once, without a warm-up: the work takes minutes. */
  readonly isLong?: boolean;
  close(): Promise<void>;
}

/** Makes a setup; every setup that needs files has its own folder. */
export type OpenSetup = (python: Python | null, folder: string) => Promise<Setup>;

/** Opens the CPU backend; its kernels use at most so many threads. */
export function openCpu(threads: number): Promise<Backend> {
  return openBackend("cpu", { threads });
}

/** Writes numbers as a peer reads them. */
export function writeFloats(path: string, values: Float32Array): Promise<void> {
  return Deno.writeFile(path, new Uint8Array(values.slice().buffer));
}

/** Reads the numbers that a peer wrote. */
export async function readFloats(path: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(path)).buffer);
}

/** Largest difference, relative to the largest entry of `b` where `scale` says so. */
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
