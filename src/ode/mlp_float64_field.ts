import { mlpAt, type MlpFloat64, type MlpPoint, unitVectors } from "../ops/mlp_field/float64.ts";
import type { DifferentiableField, GradientSum } from "./field.ts";
import type { HostRows } from "./engines/portable/host_rows.ts";

/** Accumulator of flat parameter gradients in float64. */
export class Float64Sum implements GradientSum<Float64Array> {
  readonly total: Float64Array;

  /** @param size Length of the vectors. */
  constructor(size: number) {
    this.total = new Float64Array(size);
  }

  add(term: Float64Array): void {
    for (let i = 0; i < term.length; i++) this.total[i]! += term[i]!;
  }
}

/** Small enough to hold the activations of all rows of a linearization in memory. */
const LINEARIZATION_ROWS = 1024;

/**
 * The ConditionalMLP in float64 as a field over (z) or, with an exact trace, (z, logp). Slow; used
 * as a reference and by the theorems' checks.
 */
export function mlpFloat64Field(
  net: MlpFloat64,
  options: { readonly trace: "exact" | null },
): DifferentiableField<HostRows, Float64Array> {
  const { dims } = net.shape;
  const directions = options.trace === null ? [] : unitVectors(dims);
  const z = { name: "z", width: dims };
  const parts = options.trace === null ? [z] : [z, { name: "logp", width: 1 }];
  const width = parts.reduce((total, part) => total + part.width, 0);
  const points = (t: Float64Array, y: HostRows): MlpPoint[] =>
    Array.from(t, (time, row) => {
      const x = y.data.slice(row * width, row * width + dims);
      return mlpAt(net, { x, t: time }, directions);
    });
  const slopes = (of: readonly MlpPoint[]): HostRows => {
    const data = new Float64Array(of.length * width);
    of.forEach((point, row) => {
      data.set(point.velocity, row * width);
      if (width > dims) data[row * width + dims] = -point.divergence;
    });
    return { data, count: of.length, width };
  };
  return {
    parts,
    parameterCount: net.parameters.length,
    linearizationRows: LINEARIZATION_ROWS,
    evaluate: (t, y) => slopes(points(t, y)),
    linearize({ t, y, gradient }) {
      const near = points(t, y);
      return {
        value: () => slopes(near),
        pullBack(first, cotangent) {
          const sum = gradient === null ? null : new Float64Array(net.parameters.length);
          const data = new Float64Array(cotangent.data.length);
          for (let row = 0; row < cotangent.count; row++) {
            const i = row * width;
            const ofZ = near[first + row]!.pullBack({
              velocity: cotangent.data.slice(i, i + dims),
              divergence: width > dims ? -cotangent.data[i + dims]! : 0,
            }, sum);
            data.set(ofZ, i);
          }
          if (gradient !== null && sum !== null) gradient.add(sum);
          return { data, count: cotangent.count, width };
        },
        close() {},
      };
    },
  };
}
