/** Shortest relative width of a bracket: neighbouring float64 numbers. */
const RESOLUTION = Number.EPSILON;

/**
 * The time in a bracket at which a function changes its sign, as exactly as float64 has times.
 *
 * The bracket shrinks until its ends are neighbours, or a value is 0. A solve that begins again
 * from the result does not meet the same change once more: the new sign is there already.
 *
 * Source: Oliveira & Takahashi 2021, An Enhancement of the Bisection Method Average Performance
 * Preserving Minmax Optimality, ACM Trans. Math. Softw. 47(1): regula falsi, kept close enough to
 * the middle for the steps of bisection, and one, to suffice.
 *
 * @param bracket.value Of opposite signs at `from` and `to`; not 0 at `from`.
 * @returns A time at which the value is 0 or has the sign that it has at `to`.
 */
export async function signChange(bracket: {
  readonly from: number;
  readonly to: number;
  readonly valueFrom: number;
  readonly valueTo: number;
  readonly value: (t: number) => Promise<number>;
}): Promise<number> {
  let { from: a, to: b, valueFrom, valueTo } = bracket;
  const width = RESOLUTION * Math.max(Math.abs(a), Math.abs(b));
  const first = Math.abs(b - a);
  const bisections = Math.max(0, Math.ceil(Math.log2(first / width)));
  for (let i = 0; Math.abs(b - a) > width && valueTo !== 0; i++) {
    const middle = a + (b - a) / 2;
    if (middle === a || middle === b) break;
    const t = trial({
      a,
      b,
      middle,
      valueFrom,
      valueTo,
      first,
      slack: width * 2 ** (bisections - i),
    });
    const value = await bracket.value(t);
    if (Math.sign(value) === Math.sign(valueFrom)) [a, valueFrom] = [t, value];
    else [b, valueTo] = [t, value];
  }
  return b;
}

/** Regula falsi's guess, moved towards the middle and at most so far from it that the bracket keeps shrinking. */
function trial(at: {
  readonly a: number;
  readonly b: number;
  readonly middle: number;
  readonly valueFrom: number;
  readonly valueTo: number;
  /** Width of the first bracket. */
  readonly first: number;
  /** Half of what the bracket may be wide after this trial, times two. */
  readonly slack: number;
}): number {
  const { a, b, middle, valueFrom, valueTo, first, slack } = at;
  const width = Math.abs(b - a);
  const guess = (valueTo * a - valueFrom * b) / (valueTo - valueFrom);
  const distance = middle - guess;
  const nudge = 0.2 * width ** 2 / first;
  const truncated = nudge <= Math.abs(distance) ? guess + Math.sign(distance) * nudge : middle;
  const reach = slack - width / 2;
  const t = Math.abs(truncated - middle) <= reach
    ? truncated
    : middle - Math.sign(distance) * Math.max(0, reach);
  // Infinite values have no guess, and rounding may leave the bracket.
  return t > Math.min(a, b) && t < Math.max(a, b) ? t : middle;
}
