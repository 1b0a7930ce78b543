import { type DequantizedKind, isOnGrid } from "./column_kind.ts";

/** Most decimal places of a grid's values. */
const MOST_DECIMALS = 9;

/**
 * The coarsest grid of decimal numbers that holds all values, up to rounding to float32: whole
 * numbers, tenths, multiples of 5.
 *
 * The step is the greatest common divisor of the distances of the values, in units of their last
 * decimal place.
 *
 * @param values At least two different ones.
 * @returns null if they need more than nine decimal places.
 */
export function gridOf(
  values: ArrayLike<number>,
): Pick<DequantizedKind, "step" | "origin"> | null {
  for (let places = 0; places <= MOST_DECIMALS; places++) {
    const unit = { step: Number(`1e-${places}`), origin: 0 };
    let least = Infinity, divisor = 0, isWhole = true;
    for (let i = 0; i < values.length && isWhole; i++) {
      const value = values[i]!;
      const whole = Math.round(value / unit.step);
      isWhole = isOnGrid(unit, value) && Number.isSafeInteger(whole);
      if (least !== Infinity) divisor = greatestCommonDivisor(divisor, Math.abs(whole - least));
      least = Math.min(least, whole);
    }
    if (!isWhole) continue;
    const decimal = (units: number) => Number(`${units}e-${places}`);
    return { step: decimal(divisor), origin: least % divisor === 0 ? 0 : decimal(least) };
  }
  return null;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
