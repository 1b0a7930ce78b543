/** `count` times from one to the other, both included. */
export function evenTimes(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + (to - from) * i / (count - 1));
}
