import { fillNormal, fillUniform } from "../../src/core/random/random.ts";

/** A density on the plane that integrates to 1 and can be sampled. */
export interface KnownPlane {
  /** Log-density at (x, y), nats. */
  log(x: number, y: number): number;
  /** Maps three uniform and two normal numbers to a sample. */
  point(uniform: Iterable<number>, normal: Iterable<number>): readonly [number, number];
}

/** A Gaussian with standard deviations `long` and `short` along axes rotated by `angle`. */
export function gaussian(
  [x0, y0]: readonly [number, number],
  [long, short]: readonly [number, number],
  angle = 0,
): KnownPlane {
  const c = Math.cos(angle), s = Math.sin(angle);
  return {
    log(x, y) {
      const a = (c * (x - x0) + s * (y - y0)) / long, b = (c * (y - y0) - s * (x - x0)) / short;
      return -(a * a + b * b) / 2 - Math.log(2 * Math.PI * long * short);
    },
    point: (_, [p, q]) => [
      x0 + c * long * p! - s * short * q!,
      y0 + s * long * p! + c * short * q!,
    ],
  };
}

/** Bivariate Student t with `nu` (1 or 2) degrees of freedom; 1 is Cauchy. */
export function student(nu: 1 | 2): KnownPlane {
  return {
    log: (x, y) => -(nu + 2) / 2 * Math.log1p((x * x + y * y) / nu) - Math.log(2 * Math.PI),
    // P(radius > r) = (1 + r^2 / nu)^(-nu / 2).
    point: ([p, q]) => {
      const radius = Math.sqrt(nu * (p! ** (-2 / nu) - 1));
      return [radius * Math.cos(2 * Math.PI * q!), radius * Math.sin(2 * Math.PI * q!)];
    },
  };
}

/** Incomes and ages: a log-normal x with median e^10, a normal y. */
export function incomes(sigma: number): KnownPlane {
  const age = gaussian([0, 40], [1, 10]);
  return {
    log(x, y) {
      if (x <= 0) return -Infinity;
      const z = (Math.log(x) - 10) / sigma;
      return -z * z / 2 - Math.log(x * sigma) + age.log(0, y);
    },
    point: (_, [p, q]) => [Math.exp(10 + sigma * p!), 40 + 10 * q!],
  };
}

/** A noisy circle of radius 1. */
export function ring(width: number): KnownPlane {
  return {
    log(x, y) {
      const r = Math.hypot(x, y);
      return -(((r - 1) / width) ** 2) / 2 - Math.log(width * r) - 1.5 * Math.log(2 * Math.PI);
    },
    point: ([p], [q]) => {
      const r = 1 + width * q!;
      return [r * Math.cos(2 * Math.PI * p!), r * Math.sin(2 * Math.PI * p!)];
    },
  };
}

/** Mixture of `parts`, by default with equal weights. */
export function mixture(
  parts: readonly KnownPlane[],
  weights: readonly number[] = parts.map(() => 1 / parts.length),
): KnownPlane {
  return {
    log(x, y) {
      const logs = parts.map((part, i) => Math.log(weights[i]!) + part.log(x, y));
      const highest = Math.max(...logs);
      if (highest === -Infinity) return highest;
      return highest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - highest), 0));
    },
    point([p, q, which], normal) {
      let left = which!;
      const part = parts.find((_, i) => (left -= weights[i]!) < 0) ?? parts[0]!;
      return part.point([p!, q!], normal);
    },
  };
}

/** `n` samples of the density, [n * 2]. */
export function draw({ point }: KnownPlane, n: number, seed: number): Float64Array {
  const uniform = fillUniform({ seed, stream: 0 }, 0, new Float32Array(3 * n));
  const normal = fillNormal({ seed, stream: 1 }, 0, new Float32Array(2 * n));
  const points = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    points.set(point(uniform.subarray(3 * i), normal.subarray(2 * i)), 2 * i);
  }
  return points;
}
