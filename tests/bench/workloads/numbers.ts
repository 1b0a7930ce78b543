import type { Network } from "../../../src/nn/network.ts";
import { decodeSafetensors } from "../../../src/train/weights/safetensors.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";

/** Writes numbers in the format that a peer reads: `name`.f32 in the setup's folder. */
export function writeFloats(path: string, values: Float32Array): Promise<void> {
  return Deno.writeFile(path, new Uint8Array(values.slice().buffer));
}

/** Reads numbers that a peer wrote. */
export async function readFloats(path: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(path)).buffer);
}

/** How a difference is measured; see {@link differenceOf}. */
export type Scale = "absolute" | "relative" | "gradient" | "rms";

/**
 * Difference of two answers: the largest ("absolute"); that relative to the largest entry of `b`
 * ("relative"); of a loss, the first entry, as it is, of the others relative to the largest of them
 * ("gradient"); the root of the mean square ("rms"). Infinite if they are not as many.
 */
export function differenceOf(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  scale: Scale,
): number {
  if (a.length !== b.length) return Infinity;
  if (scale === "gradient") {
    const [loss, ...rest] = Array.from(a), [lossOfB, ...restOfB] = Array.from(b);
    return Math.max(
      differenceOf([loss!], [lossOfB!], "absolute"),
      differenceOf(rest, restOfB, "relative"),
    );
  }
  let largest = 0, squares = 0, largestOfB = 0;
  for (let i = 0; i < b.length; i++) {
    const apart = Math.abs(a[i]! - b[i]!);
    // NaN is no agreement, and no comparison finds it.
    if (Number.isNaN(apart)) return Infinity;
    largest = Math.max(largest, apart);
    squares += apart * apart;
    largestOfB = Math.max(largestOfB, Math.abs(b[i]!));
  }
  if (scale === "rms") return Math.sqrt(squares / b.length);
  return scale === "absolute" ? largest : largest / largestOfB;
}

/** A loss and its gradient as peers answer them: tensors in the order and layout of their file. */
export function lossAndTensors(
  network: Network,
  loss: number,
  gradient: Float32Array,
): Float32Array {
  const { tensors } = decodeSafetensors(encodeStateDict(network, gradient), "gradient");
  const trained = tensors.filter(({ name }) => !name.endsWith("freqs"));
  return Float32Array.from([loss, ...trained.flatMap(({ values }) => [...values as Float32Array])]);
}
