/** A rectangle of the plane, in data units. */
export interface Bounds {
  /** Left edge. */
  readonly xMin: number;
  /** Right edge. */
  readonly xMax: number;
  /** Lower edge. */
  readonly yMin: number;
  /** Upper edge. */
  readonly yMax: number;
}

/**
 * The bounding box of `points` [n * 2], enlarged on each side by `margin` (data units).
 *
 * @throws {RangeError} If there is no point, or one is not finite.
 */
export function boundsOf(points: ArrayLike<number>, margin: number): Bounds {
  let xMin = Infinity, xMax = -Infinity, yMin = Infinity, yMax = -Infinity;
  for (let i = 0; i < points.length; i += 2) {
    xMin = Math.min(xMin, points[i]!);
    xMax = Math.max(xMax, points[i]!);
    yMin = Math.min(yMin, points[i + 1]!);
    yMax = Math.max(yMax, points[i + 1]!);
  }
  if (!Number.isFinite(xMax - xMin + yMax - yMin)) {
    throw new RangeError(`boundsOf: expected at least 1 finite point, got ${points.length / 2}`);
  }
  return {
    xMin: xMin - margin,
    xMax: xMax + margin,
    yMin: yMin - margin,
    yMax: yMax + margin,
  };
}
