import { fillNormal, fillUniform } from "../../core/random/random.ts";
import { keyOf } from "../../core/random/subsequences.ts";
import type { KnownDensity } from "../dataset.ts";
import type { DrawKey, LabelledPoints, PointSource } from "../point_source.ts";

const COMPONENTS = 8;
const RADIUS = 4 / Math.SQRT2;

/** Centres of the eight equally likely components, and their standard deviation per coordinate. */
export const eightGaussiansLaw = {
  centres: Array.from({ length: COMPONENTS }, (_, k) => {
    const angle = 2 * Math.PI * k / COMPONENTS;
    return { x: RADIUS * Math.cos(angle), y: RADIUS * Math.sin(angle) };
  }) as readonly { readonly x: number; readonly y: number }[],
  deviation: 0.5 / Math.SQRT2,
} as const;

const { centres, deviation } = eightGaussiansLaw;

const logNormaliser = Math.log(COMPONENTS * 2 * Math.PI * deviation ** 2);

const density: KnownDensity = {
  entropy: 2.83157836,
  logDensity(points) {
    return Float64Array.from({ length: points.length / 2 }, (_, i) => {
      const exponents = centres.map((centre) => {
        const dx = points[2 * i]! - centre.x, dy = points[2 * i + 1]! - centre.y;
        return -(dx * dx + dy * dy) / (2 * deviation ** 2);
      });
      const largest = Math.max(...exponents);
      const sum = exponents.reduce((total, e) => total + Math.exp(e - largest), 0);
      return largest + Math.log(sum) - logNormaliser;
    });
  },
  /** Per component E[x | y] = centre + scale s^2 / v (y - scale centre), v = (scale s)^2 + noise^2. */
  posteriorMean(y, noise) {
    const means = new Float64Array(y.length);
    for (let i = 0; i < y.length / 2; i++) {
      const scale = noise.scale[i]!;
      const variance = (scale * deviation) ** 2 + noise.deviation[i]! ** 2;
      const gain = scale * deviation ** 2 / variance;
      const offsets = centres.map(({ x, y: up }) =>
        [y[2 * i]! - scale * x, y[2 * i + 1]! - scale * up] as const
      );
      const exponents = offsets.map(([dx, dy]) => -(dx * dx + dy * dy) / (2 * variance));
      const largest = Math.max(...exponents);
      const weights = exponents.map((exponent) => Math.exp(exponent - largest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, k) => {
        means[2 * i]! += weight / total * (centres[k]!.x + gain * offsets[k]![0]);
        means[2 * i + 1]! += weight / total * (centres[k]!.y + gain * offsets[k]![1]);
      });
    }
    return means;
  },
};

function draw({ seed, from }: DrawKey, n: number): LabelledPoints {
  const choices = fillUniform(
    keyOf(from, seed, 0),
    0,
    new Float64Array(n),
  );
  const points = fillNormal(
    keyOf(from, seed, 1),
    0,
    new Float32Array(2 * n),
  );
  const labels = Uint8Array.from(choices, (u) => Math.floor(u * COMPONENTS));
  labels.forEach((label, i) => {
    points[2 * i] = centres[label]!.x + deviation * points[2 * i]!;
    points[2 * i + 1] = centres[label]!.y + deviation * points[2 * i + 1]!;
  });
  return { points, labels };
}

/**
 * Mixture of eight equally likely isotropic Gaussians with standard deviation 0.5 / sqrt(2), whose
 * centres are evenly spaced on a circle of radius 4 / sqrt(2), the first on the positive x axis.
 * The label is the component.
 *
 * Source: the toy data of Grathwohl et al. 2019 (FFJORD), which divides radius 4 and standard
 * deviation 0.5 by 1.414. The entropy was computed by quadrature.
 */
export const eightGaussians: PointSource = {
  name: "8gaussians",
  summary: "eight normal distributions on a circle",
  dims: 2,
  density,
  draw,
};
