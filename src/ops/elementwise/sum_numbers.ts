/** Numbers that are added in float32, in four lanes, before their sum joins the float64 total. */
const CHUNK = 4 * 64;

/** Float32 sums of the lanes. */
const lanes = new Float32Array(4);

/**
 * `scale` times the sum of `count` float32 numbers from `first` on, with the bits of the kernel
 * `sumLast` (elementwise.as.ts): for the few sums of a training step that has no tensors.
 */
export function sumNumbers(
  values: Float32Array,
  { first = 0, count = values.length, scale = 1 }: {
    readonly first?: number;
    readonly count?: number;
    readonly scale?: number;
  } = {},
): number {
  const end = first + count, vectorsEnd = first + (count & ~3);
  let total = 0, at = first;
  while (at < vectorsEnd) {
    const chunkEnd = Math.min(at + CHUNK, vectorsEnd);
    lanes.fill(0);
    for (; at < chunkEnd; at += 4) {
      for (let lane = 0; lane < 4; lane++) lanes[lane]! += values[at + lane]!;
    }
    total += lanes[0]! + lanes[1]! + lanes[2]! + lanes[3]!;
  }
  for (; at < end; at++) total += values[at]!;
  return Math.fround(scale * total);
}
