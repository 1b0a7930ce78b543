import type { Bounds } from "./bounds.ts";
import { type Cell, densityReader, leavesOf, sumOf } from "./density_cells.ts";
import { areaOf, type PlaneFrame } from "./plane_frame.ts";

/** Log-density on a regular grid of cells. */
export interface DensityGrid {
  /** Rectangle that the cells cover. */
  readonly bounds: Bounds;
  /** Cells along x. */
  readonly columns: number;
  /** Cells along y. */
  readonly rows: number;
  /** [rows * columns], nats; row-major, the first row at `yMin`. */
  readonly logDensity: Float64Array;
}

/** Cells along the longer side of the grid. */
const GRID_CELLS = 128;
/** Sides with a larger ratio have different units, and each gets {@link GRID_CELLS} cells. */
const ONE_UNIT = 8;
/** Maximum number of points per cell and axis over which the density is averaged. */
const MAX_POINTS_PER_SIDE = 8;

/**
 * Averages a density over the cells of a regular grid, so that structure thinner than a cell is not
 * lost.
 *
 * @param density.roots Integrated cells (`judgeCell()`) that tile a rectangle in `frame`.
 */
export function gridOf(
  density: { readonly roots: readonly Cell[]; readonly frame: PlaneFrame },
  bounds: Bounds,
): DensityGrid {
  const { roots, frame } = density;
  const width = bounds.xMax - bounds.xMin, height = bounds.yMax - bounds.yMin;
  const longer = Math.max(width, height), shorter = Math.min(width, height);
  const cells = (side: number) =>
    longer > ONE_UNIT * shorter ? GRID_CELLS : Math.ceil(GRID_CELLS * side / longer);
  const columns = cells(width), rows = cells(height);
  const dx = width / columns, dy = height / rows;
  const inside = pointsInside(roots.flatMap(leavesOf), frame, [dx, dy]);
  const logArea = Math.log(areaOf(frame));
  const densityAt = densityReader(roots, frame);
  const logDensity = Float64Array.from({ length: columns * rows }, (_, i) => {
    const x = bounds.xMin + (i % columns) * dx, y = bounds.yMin + Math.floor(i / columns) * dy;
    let sum = 0;
    for (let k = 0; k < inside * inside; k++) {
      const right = (k % inside + 0.5) / inside, up = (Math.floor(k / inside) + 0.5) / inside;
      sum += densityAt(x + right * dx, y + up * dy);
    }
    return Math.log(sum / inside ** 2) - logArea;
  });
  return { bounds, columns, rows, logDensity };
}

/** Number of points per grid cell and axis that resolves the structure of the integrated cells. */
function pointsInside(
  leaves: readonly Cell[],
  { scale, slope }: PlaneFrame,
  [dx, dy]: readonly [number, number],
): number {
  // Height of a cell's parallelogram over its longer side, in grid cells.
  const thickness = ({ box: [uMin, uMax, vMin, vMax] }: Cell) => {
    const alongU = (uMax - uMin) * Math.hypot(scale[0] / dx, slope / dy);
    const alongV = (vMax - vMin) * scale[1] / dy;
    const area = (uMax - uMin) * (scale[0] / dx) * alongV;
    return area / Math.max(alongU, alongV);
  };
  const thin = leaves.map((cell) => [thickness(cell), cell.integral] as const)
    .sort(([a], [b]) => a - b);
  const total = sumOf(leaves, "integral");
  let passed = 0;
  const [finest] = thin.find(([, mass]) => (passed += mass) > 0.1 * total) ?? [1];
  return Math.min(MAX_POINTS_PER_SIDE, Math.max(2, Math.ceil(2 / finest)));
}
