/**
 * Oblique axes of the plane in which a point cloud has unit covariance:
 *   x = center[0] + scale[0] u,   y = center[1] + slope u + scale[1] v.
 * Source: the Cholesky factor of the cloud's covariance. It whitens like principal axes, and its
 * entries stay accurate for clouds of any thinness and columns of any two units.
 */
export interface PlaneFrame {
  /** The point with u = v = 0. */
  readonly center: readonly [number, number];
  /** Positive scale factors. */
  readonly scale: readonly [number, number];
  /** dy / du. */
  readonly slope: number;
}

/** Number of trimming rounds, and the share of the points that each keeps. */
const TRIMS = 3, KEPT = 0.8;
/** A trimmed frame thinner than this, relative to that of all points, belongs to a point mass. */
const THINNEST = 1e-3;

/**
 * The frame of a cloud's central points: a few outliers would otherwise dominate the covariance.
 *
 * @param points [n * 2], finite, n at least 1.
 */
export function frameOf(points: ArrayLike<number>): PlaneFrame {
  const all = Array.from({ length: points.length / 2 }, (_, i) => i);
  const whole = covarianceFrame(points, all);
  let frame = whole;
  for (let trim = 0; trim < TRIMS; trim++) {
    const distances = new Map(all.map((i) => {
      const [u, v] = fromPlane(frame, points[2 * i]!, points[2 * i + 1]!);
      return [i, u * u + v * v];
    }));
    const central = [...all].sort((a, b) => distances.get(a)! - distances.get(b)!)
      .slice(0, Math.max(3, Math.ceil(KEPT * all.length)));
    const trimmed = covarianceFrame(points, central);
    const thin = trimmed.scale.some((scale, k) => scale < THINNEST * whole.scale[k]!);
    if (thin) break;
    frame = trimmed;
  }
  return frame;
}

function covarianceFrame(points: ArrayLike<number>, rows: readonly number[]): PlaneFrame {
  const mean = (of: (row: number) => number) =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const x = (row: number) => points[2 * row]!, y = (row: number) => points[2 * row + 1]!;
  const center = [mean(x), mean(y)] as const;
  const varianceX = mean((row) => (x(row) - center[0]) ** 2);
  const slopePerX = varianceX > 0
    ? mean((row) => (x(row) - center[0]) * (y(row) - center[1])) / varianceX
    : 0;
  const rest = Math.sqrt(
    mean((row) => (y(row) - center[1] - slopePerX * (x(row) - center[0])) ** 2),
  );
  // A column without spread gets one comparable to the other's.
  const spreadY = Math.hypot(slopePerX * Math.sqrt(varianceX), rest);
  const scaleX = varianceX > 0 ? Math.sqrt(varianceX) : spreadY || 1;
  const scaleY = rest > 0 ? rest : spreadY > 0 ? THINNEST * spreadY : scaleX;
  return { center, scale: [scaleX, scaleY], slope: slopePerX * scaleX };
}

/** The point of the plane at (u, v). */
export function toPlane(frame: PlaneFrame, u: number, v: number): [number, number] {
  const { center, scale, slope } = frame;
  return [center[0] + scale[0] * u, center[1] + slope * u + scale[1] * v];
}

/** The inverse of {@link toPlane}. */
export function fromPlane(frame: PlaneFrame, x: number, y: number): [number, number] {
  const { center, scale, slope } = frame;
  const u = (x - center[0]) / scale[0];
  return [u, (y - center[1] - slope * u) / scale[1]];
}

/** Area in the plane per unit area in (u, v). */
export function areaOf({ scale }: PlaneFrame): number {
  return scale[0] * scale[1];
}
