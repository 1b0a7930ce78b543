/** Standard deviation (over n) and skewness of values. */
export function spreadOf(
  values: Float64Array,
): { readonly deviation: number; readonly skewness: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value / n, 0);
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + (value - mean) ** power / n, 0);
  const deviation = Math.sqrt(moment(2));
  return { deviation, skewness: moment(3) / deviation ** 3 };
}
