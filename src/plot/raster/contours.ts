/** Distance of a curve from its chords at most, in pixels. */
const FLATNESS = 0.05;

/** Points of a glyph's contour in font units, y upwards. */
export interface Contour {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Whether a point is on the curve; others are control points of quadratic curves. */
  readonly isOn: readonly boolean[];
}

/** A contour as a polygon x, y, x, y, ..., times `scale`, y upwards. */
export function flattened({ x, y, isOn }: Contour, scale: number): Float64Array {
  const n = x.length, out: number[] = [];
  if (n < 2) return new Float64Array(0);
  // Between two control points is a point of the curve, in their middle.
  const middle = (values: readonly number[], i: number) =>
    scale * (values[i % n]! + values[(i + 1) % n]!) / 2;
  const first = isOn.indexOf(true), start = Math.max(0, first);
  let hereX = first < 0 ? middle(x, n - 1) : scale * x[start]!;
  let hereY = first < 0 ? middle(y, n - 1) : scale * y[start]!;
  out.push(hereX, hereY);
  const end = first < 0 ? n : start + n + 1;
  for (let i = first < 0 ? 0 : start + 1; i < end; i++) {
    const controlX = scale * x[i % n]!, controlY = scale * y[i % n]!;
    if (isOn[i % n]!) {
      out.push(hereX = controlX, hereY = controlY);
      continue;
    }
    const isNextOn = isOn[(i + 1) % n]!;
    const endX = isNextOn ? scale * x[(i + 1) % n]! : middle(x, i);
    const endY = isNextOn ? scale * y[(i + 1) % n]! : middle(y, i);
    const bend = Math.hypot(hereX - 2 * controlX + endX, hereY - 2 * controlY + endY) / 4;
    const pieces = Math.max(1, Math.ceil(Math.sqrt(bend / FLATNESS)));
    for (let k = 1; k <= pieces; k++) {
      const t = k / pieces, s = 1 - t;
      out.push(
        s * s * hereX + 2 * s * t * controlX + t * t * endX,
        s * s * hereY + 2 * s * t * controlY + t * t * endY,
      );
    }
    hereX = endX;
    hereY = endY;
    if (isNextOn) i++;
  }
  return Float64Array.from(out);
}
