import { fillNormal, fillUniform } from "../../core/random/random.ts";
import { keyOf } from "../../core/random/subsequences.ts";
import type { DataCurve, KnownDensity } from "../dataset.ts";
import type { DrawKey, LabelledPoints, PointSource } from "../point_source.ts";
import { gaussLegendre } from "./quadrature.ts";

/** Standard deviation of the noise in each coordinate. */
export const MOONS_NOISE = 0.1;

/**
 * Nodes per interval. Largest error of the log-density over [-3, 4] x [-3, 3], against 400 nodes
 * with decay 60: 5e-3 with 16 nodes, 8e-6 with 24, 2e-9 with 32, 1e-13 with 40. Cost: about 4 us
 * per point.
 */
const NODES = 40;

/** The integral is truncated where the integrand is below exp(-40) times its maximum. */
const DECAY = 40;

const variance = MOONS_NOISE * MOONS_NOISE;
const rule = gaussLegendre(NODES);

/**
 * Logarithm of the integral over angles a in [0, pi] of
 *   exp(-((u - cos a)^2 + (v - sin a)^2) / (2 variance)).
 *
 * With u = r cos(theta), v = r sin(theta) the exponent is
 * -((r - 1)^2 + 2 r (1 - cos(a - theta))) / (2 variance), which depends only on the distance of a
 * from theta. The nodes cover the part of [0, pi] where the integrand is not negligible relative
 * to its maximum, and the maximum is factored out, so the result stays finite and accurate for
 * distant points.
 */
function logArcIntegral(u: number, v: number): number {
  const r = Math.hypot(u, v);
  const theta = Math.atan2(v, u);
  const nearest = theta >= 0 ? 0 : Math.min(-theta, Math.PI + theta); // angle to the arc
  const sharpness = r / variance;
  const cosineLimit = Math.cos(nearest) - DECAY / sharpness;
  const reach = cosineLimit > -1 ? Math.acos(cosineLimit) : Math.PI;
  // Angles are relative to theta, modulo 2 pi: the arc appears at two of its periodic images.
  const integral = arcPart(-theta, Math.PI - theta) +
    arcPart(-theta - 2 * Math.PI, -Math.PI - theta);

  function arcPart(from: number, to: number): number {
    const low = Math.max(from, -reach), high = Math.min(to, reach);
    if (!(low < high)) return 0;
    const middle = (low + high) / 2, half = (high - low) / 2;
    let sum = 0;
    for (let i = 0; i < NODES; i++) {
      const angle = middle + half * rule.nodes[i]!;
      // cos(nearest) - cos(angle), without cancellation
      const drop = 2 * Math.sin((angle + nearest) / 2) * Math.sin((angle - nearest) / 2);
      sum += rule.weights[i]! * Math.exp(-sharpness * drop);
    }
    return half * sum;
  }

  const sine = Math.sin(nearest / 2);
  const squaredDistance = (r - 1) ** 2 + 4 * r * sine * sine;
  return Math.log(integral) - squaredDistance / (2 * variance);
}

const logNormaliser = Math.log(Math.PI) + Math.log(2 * Math.PI * variance);

/**
 * Density of {@link moons}: an equal mixture of two half circles, uniform in the angle, convolved
 * with the noise,
 *   p(x) = 1/2 sum over both arcs c of (1/pi) integral of N(x; c(a), noise^2 I) da.
 *
 * The integral uses Gauss-Legendre quadrature in float64, accurate to 1e-12; the entropy is the
 * quadrature of -p log p over the plane (tests/data/densities/densities_test.ts).
 */
const density: KnownDensity = {
  entropy: 1.00758483,
  posteriorMean: (y, noise) => posteriorMean(y, noise),
  logDensity(points) {
    const count = points.length / 2;
    const out = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const x = points[2 * i]!, y = points[2 * i + 1]!;
      const outer = logArcIntegral(x, y);
      const inner = logArcIntegral(1 - x, 0.5 - y);
      const largest = Math.max(outer, inner);
      out[i] = largest + Math.log1p(Math.exp(-Math.abs(outer - inner))) - Math.LN2 -
        logNormaliser;
    }
    return out;
  },
};

/** Nodes per arc for {@link posteriorMean}; at least 3 per standard deviation of the angle. */
const ARC_NODES = 96;
const arcRule = gaussLegendre(ARC_NODES);

/** Points of both arcs at the nodes and their weights, in turn [2 * ARC_NODES]. */
const arcX = new Float64Array(2 * ARC_NODES);
const arcY = new Float64Array(2 * ARC_NODES);
const arcWeight = new Float64Array(2 * ARC_NODES);
arcRule.nodes.forEach((node, k) => {
  const a = Math.PI / 2 * (1 + node);
  arcX.set([Math.cos(a), 1 - Math.cos(a)], 2 * k);
  arcY.set([Math.sin(a), 0.5 - Math.sin(a)], 2 * k);
  arcWeight.fill(arcRule.weights[k]!, 2 * k, 2 * k + 2);
});

/**
 * Mean of x given y = scale x + deviation e. Given the place c on an arc, y is
 * N(scale c, v I) with v = (scale noise)^2 + deviation^2, and
 *   E[x | y, c] = c + scale noise^2 / v (y - scale c);
 * the average over c is a Gauss-Legendre quadrature over the angle.
 */
const posteriorMean: KnownDensity["posteriorMean"] = (y, noise) => {
  const means = new Float64Array(y.length);
  const exponents = new Float64Array(arcX.length);
  for (let i = 0; i < y.length / 2; i++) {
    const scale = noise.scale[i]!;
    const v = scale * scale * variance + noise.deviation[i]! ** 2;
    const gain = scale * variance / v;
    const across = y[2 * i]!, up = y[2 * i + 1]!;
    let largest = -Infinity;
    for (let k = 0; k < arcX.length; k++) {
      const dx = across - scale * arcX[k]!, dy = up - scale * arcY[k]!;
      exponents[k] = -(dx * dx + dy * dy) / (2 * v);
      largest = Math.max(largest, exponents[k]!);
    }
    let total = 0, sumX = 0, sumY = 0;
    for (let k = 0; k < arcX.length; k++) {
      const weight = arcWeight[k]! * Math.exp(exponents[k]! - largest);
      total += weight;
      sumX += weight * arcX[k]!;
      sumY += weight * arcY[k]!;
    }
    const cx = sumX / total, cy = sumY / total;
    means[2 * i] = cx + gain * (across - scale * cx);
    means[2 * i + 1] = cy + gain * (up - scale * cy);
  }
  return means;
};

/** Distance from (u, v) to the upper half of the unit circle. */
function toArc(u: number, v: number): number {
  return v >= 0 ? Math.abs(Math.hypot(u, v) - 1) : Math.hypot(Math.abs(u) - 1, v);
}

/** About 1.2 % of the data are farther than 2.5 standard deviations of the noise from both arcs. */
const curve: DataCurve = {
  near: 2.5 * MOONS_NOISE,
  distance(points) {
    return Float64Array.from({ length: points.length / 2 }, (_, i) => {
      const x = points[2 * i]!, y = points[2 * i + 1]!;
      return Math.min(toArc(x, y), toArc(1 - x, 0.5 - y));
    });
  },
};

function draw({ seed, from }: DrawKey, n: number): LabelledPoints {
  const angles = fillUniform(
    keyOf(from, seed, 0),
    0,
    new Float64Array(n),
  );
  const points = fillNormal(
    keyOf(from, seed, 1),
    0,
    new Float32Array(2 * n),
  );
  const labels = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const a = Math.PI * angles[i]!;
    const inner = i % 2 === 0;
    const x = inner ? 1 - Math.cos(a) : Math.cos(a);
    const y = inner ? 0.5 - Math.sin(a) : Math.sin(a);
    points[2 * i] = x + MOONS_NOISE * points[2 * i]!;
    points[2 * i + 1] = y + MOONS_NOISE * points[2 * i + 1]!;
    labels[i] = inner ? 1 : 0;
  }
  return { points, labels };
}

/**
 * Two moons as in scikit-learn's make_moons with noise 0.1, unscaled: the outer half circle
 * (cos a, sin a), label 0, and the inner one (1 - cos a, 1/2 - sin a), label 1, with half of the
 * points each.
 *
 * scikit-learn spaces the angles evenly over [0, pi]; here they are drawn uniformly, so the points
 * are independent samples of the stated density, as a mean with a standard error requires. Evenly
 * spaced angles would make the test set closer to the true distribution than its size allows.
 */
export const moons: PointSource = {
  name: "moons",
  summary: "two half circles with noise 0.1",
  dims: 2,
  density,
  curve,
  draw,
};
