/** Points per column from which a line is drawn as the bands that it fills. */
const DENSE = 2;

/**
 * Outlines of what a dense line fills: from the lowest to the highest value of every column and of the
 * point before it, half a line thick around them. Filled, they look like the line and are painted in less
 * time. A column without finite values separates two bands.
 *
 * @param x Increasing coordinates, as many as y.
 * @param y Coordinates; others than finite ones are left out.
 * @param options.columns Number of columns of equally many points.
 * @returns Closed outlines [x0, y0, x1, y1, ...], or null of a line that is not dense.
 */
export function denseBands(
  x: Float64Array,
  y: Float64Array,
  { columns, thickness }: { readonly columns: number; readonly thickness: number },
): number[][] | null {
  if (x.length <= DENSE * columns) return null;
  const bands: number[][] = [];
  let above: number[][] = [], below: number[][] = [];
  const endBand = () => {
    if (above.length > 0) bands.push([...above, ...below.reverse()].flat());
    above = [];
    below = [];
  };
  let last = NaN;
  for (let column = 0; column < columns; column++) {
    const start = Math.floor(column * x.length / columns);
    const end = Math.floor((column + 1) * x.length / columns);
    const values = Array.from(y.subarray(start, end)).filter(Number.isFinite);
    const before = last;
    last = y[end - 1]!;
    if (values.length === 0) {
      endBand();
      continue;
    }
    // From the point before, so that no step of the line is left out.
    if (Number.isFinite(before)) values.push(before);
    const at = (x[start]! + x[end - 1]!) / 2;
    above.push([at, Math.min(...values) - thickness / 2]);
    below.push([at, Math.max(...values) + thickness / 2]);
  }
  endBand();
  return bands;
}
