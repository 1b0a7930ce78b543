import { fillUniform } from "../../core/random/random.ts";
import { keyOf } from "../../core/random/subsequences.ts";
import type { KnownDensity } from "../dataset.ts";
import { gaussLegendre } from "./quadrature.ts";
import type { DrawKey, LabelledPoints, PointSource } from "../point_source.ts";

const SIDE = 2; // side length of a square
const ACROSS = 4; // squares per row and column
const HALF = SIDE * ACROSS / 2;
const SQUARES = ACROSS * ACROSS / 2; // squares with positive density
const logArea = Math.log(SQUARES * SIDE * SIDE);

const density: KnownDensity = {
  entropy: logArea,
  logDensity(points) {
    return Float64Array.from({ length: points.length / 2 }, (_, i) => {
      const column = Math.floor((points[2 * i]! + HALF) / SIDE);
      const row = Math.floor((points[2 * i + 1]! + HALF) / SIDE);
      const onBoard = column >= 0 && column < ACROSS && row >= 0 && row < ACROSS;
      return onBoard && (column + row) % 2 === 0 ? -logArea : -Infinity;
    });
  },
  /** Squares are products of intervals, on each of which x given y is a truncated normal. */
  posteriorMean(y, noise) {
    const means = new Float64Array(y.length);
    for (let i = 0; i < y.length / 2; i++) {
      const kernel = { scale: noise.scale[i]!, deviation: noise.deviation[i]! };
      const across = intervals(y[2 * i]!, kernel), up = intervals(y[2 * i + 1]!, kernel);
      let total = 0, sumX = 0, sumY = 0;
      for (let column = 0; column < ACROSS; column++) {
        for (let row = column % 2; row < ACROSS; row += 2) {
          const weight = across[column]!.mass * up[row]!.mass;
          total += weight;
          sumX += weight * across[column]!.mean;
          sumY += weight * up[row]!.mean;
        }
      }
      means[2 * i] = sumX / total;
      means[2 * i + 1] = sumY / total;
    }
    return means;
  },
};

/** Nodes per interval: 1e-12 for a kernel cut at {@link REACH} standard deviations. */
const rule = gaussLegendre(40);
const REACH = 9;

/**
 * The likelihood exp(-(y - scale x)^2 / (2 deviation^2)) of x, relative to its largest value on the
 * board: its mass on each of a row's intervals, and the mean of x there.
 */
function intervals(
  y: number,
  { scale, deviation }: { readonly scale: number; readonly deviation: number },
): { readonly mass: number; readonly mean: number }[] {
  const centre = Math.min(HALF, Math.max(-HALF, y / scale || 0));
  const exponent = (x: number) => -((y - scale * x) ** 2) / (2 * deviation ** 2);
  const highest = exponent(centre);
  // Relative to the highest value, the kernel is below exp(-REACH^2 / 2) beyond this.
  const reach = REACH * deviation / scale;
  return Array.from({ length: ACROSS }, (_, column) => {
    const start = SIDE * column - HALF;
    const low = Math.max(start, centre - reach), high = Math.min(start + SIDE, centre + reach);
    if (!(low < high)) return { mass: 0, mean: centre };
    let mass = 0, moment = 0;
    for (let k = 0; k < rule.nodes.length; k++) {
      const x = (low + high) / 2 + (high - low) / 2 * rule.nodes[k]!;
      const weight = rule.weights[k]! * (high - low) / 2 * Math.exp(exponent(x) - highest);
      mass += weight;
      moment += weight * x;
    }
    return { mass, mean: moment / mass };
  });
}

function draw({ seed, from }: DrawKey, n: number): LabelledPoints {
  const uniform = (variable: number) =>
    fillUniform(keyOf(from, seed, variable), 0, new Float64Array(n));
  const choices = uniform(0), acrosses = uniform(1), ups = uniform(2);
  const points = new Float32Array(2 * n);
  const labels = Uint8Array.from(choices, (u) => Math.floor(u * SQUARES));
  labels.forEach((label, i) => {
    const column = label >> 1;
    const row = 2 * (label & 1) + (column & 1);
    points[2 * i] = SIDE * (column + coarse(acrosses[i]!)) - HALF;
    points[2 * i + 1] = SIDE * (row + coarse(ups[i]!)) - HALF;
  });
  return { points, labels };
}

/**
 * Quantises u in (0, 1) to the midpoints of 2^20 bins. The point is then exact in float32, so
 * rounding cannot move it across the edge of its square, where the density is zero.
 */
function coarse(u: number): number {
  return (Math.floor(u * 2 ** 20) + 0.5) / 2 ** 20;
}

/**
 * Uniform on the eight squares (side 2) of a 4 x 4 checkerboard over [-4, 4]^2 whose column and row
 * indices, from the lower left corner, have an even sum. The label is the square:
 * 2 * column + floor(row / 2). The entropy is the logarithm of the area, log 32.
 *
 * Source: the toy data of Grathwohl et al. 2019 (FFJORD).
 */
export const checkerboard: PointSource = {
  name: "checkerboard",
  summary: "uniform on the squares of a 4x4 board",
  dims: 2,
  density,
  draw,
};
