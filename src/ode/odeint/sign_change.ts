/** Relative width of the final bracket: the spacing of float64 numbers. */
const RESOLUTION = Number.EPSILON;

/**
 * Finds a root to machine precision and returns a point on its far side: the value there is 0 or
 * already has the sign of the value at `to`, so a solve restarted there does not find the root again.
 *
 * Source: Oliveira & Takahashi 2021, An Enhancement of the Bisection Method Average Performance
 * Preserving Minmax Optimality, ACM Trans. Math. Softw. 47(1) (ITP method: regula falsi, truncated
 * and projected towards the midpoint; at most one evaluation more than bisection).
 *
 * @param bracket.value Nonzero at `from`; zero or of the opposite sign at `to`. Need not be continuous.
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

/** The next abscissa: regula falsi's, truncated and projected. */
function trial(at: {
  readonly a: number;
  readonly b: number;
  readonly middle: number;
  readonly valueFrom: number;
  readonly valueTo: number;
  /** Width of the first bracket. */
  readonly first: number;
  /** Width that bisection guarantees after this evaluation and one more. */
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
