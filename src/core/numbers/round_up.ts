/** The smallest multiple of `unit` that is at least `bytes`. */
export function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
