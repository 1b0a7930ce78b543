/** Numbers in a name, with fractions and exponents. */
const NUMBER = /(\d+(?:\.\d+)?(?:e[+-]?\d+)?)/;

/** Compares names as people order them: the numbers in them by value, `lr-5e-3` before `lr-0.01`. */
export function naturalOrder(a: string, b: string): number {
  const [these, those] = [a.split(NUMBER), b.split(NUMBER)];
  for (let i = 0; i < Math.min(these.length, those.length); i++) {
    const [one, other] = [these[i]!, those[i]!];
    // Every second part is a number.
    const difference = i % 2 === 1 ? Number(one) - Number(other) : 0;
    // NaN: both are beyond all numbers, as 1e999 in a name of random digits.
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
    if (one !== other) return one < other ? -1 : 1;
  }
  return these.length - those.length;
}
