import * as tf from "@tensorflow/tfjs";
import { fillNormal, fillSigns } from "../../src/core/random/random.ts";
import type { ParameterLayout, Parameters } from "../../src/core/parameters.ts";
import { type HostRows, hostRows, hostSpace } from "../../src/ode/engines/portable/host_rows.ts";
import type { FieldSpec, SolveProblem } from "../../src/ode/engines/engine.ts";
import { tensorField } from "../../src/ode/engines/portable/tensor_field.ts";
import { energyColumns, type EnergyOption, energyParts } from "../../src/ode/energies.ts";
import type { Probes } from "../../src/ode/probes.ts";
import { solveRows } from "../../src/ode/solver/solve.ts";
import type { StatePart } from "../../src/ode/solver/rows.ts";
import { mlpLayout } from "../../src/ops/mlp_field/contract.ts";
import { mlpAt, mlpFloat64, unitVectors } from "../../src/ops/mlp_field/float64.ts";
import { randomNumbers, randomWeights } from "./engines/mlp_problem.ts";

/** A kind of field with its float64 reference. */
export interface FieldCase {
  readonly name: string;
  /** Columns of the state. */
  readonly width: number;
  readonly layout: ParameterLayout;
  /** Flat. */
  readonly parameters: Float32Array;
  /** As passed to an engine. */
  spec(parameters: Parameters): FieldSpec;
  /** The same field for the rows starting at `row`. */
  fromRow(spec: FieldSpec, row: number): FieldSpec;
  readonly parts: readonly StatePart[] | null;
  /** dy/dt [width] of one row of the problem. */
  slope(parameters: Float64Array): (t: number, y: Float64Array, row: number) => Float64Array;
  /** y(t) [rows, width] from {@link startRows} in closed form, where there is one. */
  exact?(t: number, rows: number): Float64Array;
  /** Whether only values and gradients are tested: for variants of another case. */
  readonly brief?: true;
  /** Which tests are run with it where few are. */
  readonly few: readonly ("cheap" | "dear")[];
}

/** Initial states of a case, [rows, width]. */
export function startRows({ width }: Pick<FieldCase, "width">, rows: number): Float32Array {
  return Float32Array.from(randomNumbers(rows * width, 20));
}

const shape = { dims: 2, hidden: 8 };

/** An mlp with a trace of this kind, or none, and with energies if it says so. */
function mlpCase(
  name: string,
  trace: "none" | "exact" | Probes["distribution"],
  { few = [], energies = {} }: {
    readonly few?: FieldCase["few"];
    readonly energies?: EnergyOption;
  } = {},
): FieldCase {
  const { dims } = shape;
  const probes = (firstRow: number): Probes => ({
    distribution: trace === "gaussian" ? "gaussian" : "rademacher",
    key: { seed: 5, stream: 4, subsequence: 30 },
    firstRow,
  });
  const traceOf = (firstRow: number) =>
    trace === "none"
      ? null
      : trace === "exact"
      ? { kind: "exact", ...energies } as const
      : { kind: "hutchinson", probes: probes(firstRow), ...energies } as const;
  // Rows have the probes of their numbers, drawn here by the random numbers' own names.
  const drawn = new Float32Array(dims * 64);
  (trace === "gaussian" ? fillNormal : fillSigns)(probes(0).key, 0, drawn);
  const directionsOf = (row: number) =>
    trace === "none"
      ? []
      : trace === "exact"
      ? unitVectors(dims)
      : [Float64Array.from(drawn.subarray(row * dims, (row + 1) * dims))];
  return {
    name,
    width: trace === "none" ? dims : dims + 1 + energyColumns(energies),
    layout: mlpLayout(shape),
    parameters: randomWeights(shape, 1.5),
    spec: (parameters) => ({ kind: "mlp", ...shape, parameters, trace: traceOf(0) }),
    fromRow: (spec, row) => spec.kind === "mlp" ? { ...spec, trace: traceOf(row) } : spec,
    parts: trace === "none" ? null : [
      { name: "z", width: dims },
      { name: "logp", width: 1 },
      ...(energies.energies ? energyParts : []),
    ],
    slope(parameters) {
      const net = mlpFloat64(shape, parameters);
      return (t, y, row) => {
        const at = mlpAt(net, { x: y.slice(0, dims), t }, directionsOf(row));
        if (trace === "none") return at.velocity;
        const kinetic = at.velocity.reduce((sum, value) => sum + value ** 2, 0);
        const ofEnergies = energies.energies ? [kinetic, at.jacobianSquared] : [];
        return Float64Array.of(...at.velocity, -at.divergence, ...ofEnergies);
      };
    },
    few,
    ...(energies.energies ? { brief: true } : {}),
  };
}

/** y' = (A + cos(t) I / 2) y over rows, A = [[-decay, -turn], [turn, -decay]]: a spiral in tfjs operations. */
const spiral: FieldCase = (() => {
  const [decay, turn] = [Math.fround(0.4), Math.fround(2.5)];
  const layout: ParameterLayout = {
    size: 4,
    entries: [{
      name: "a",
      shape: [2, 2],
      axes: [0, 1],
      deviceShape: [2, 2],
      offset: 0,
      size: 4,
      initialCentre: 0,
      initialBound: 1,
    }],
  };
  return {
    name: "a field of tfjs operations",
    width: 2,
    layout,
    // Rows are multiplied from the left.
    parameters: Float32Array.of(-decay, turn, -turn, -decay),
    spec: (parameters) => ({
      kind: "tensors",
      field: tensorField(
        ([a], y, t) =>
          tf.add(
            tf.matMul(y, a as tf.Tensor2D),
            tf.mul(
              y,
              tf.tensor2d(Float32Array.from(t, (time) => Math.cos(time) / 2), [t.length, 1]),
            ),
          ) as tf.Tensor2D,
        parameters,
      ),
    }),
    fromRow: (spec) => spec,
    parts: null,
    slope: (a) => (t, y) => {
      const c = Math.cos(t) / 2;
      return Float64Array.of(
        y[0]! * a[0]! + y[1]! * a[2]! + c * y[0]!,
        y[0]! * a[1]! + y[1]! * a[3]! + c * y[1]!,
      );
    },
    exact(t, rows) {
      const y0 = startRows({ width: 2 }, rows);
      const size = Math.exp(-decay * t + Math.sin(t) / 2);
      const [c, s] = [size * Math.cos(turn * t), size * Math.sin(turn * t)];
      const out = new Float64Array(2 * rows);
      for (let i = 0; i < 2 * rows; i += 2) {
        out[i] = c * y0[i]! - s * y0[i + 1]!;
        out[i + 1] = s * y0[i]! + c * y0[i + 1]!;
      }
      return out;
    },
    few: ["cheap", "dear"],
  };
})();

/** All kinds of fields. */
export const fieldCases: readonly FieldCase[] = [
  mlpCase("a ConditionalMLP", "none"),
  mlpCase("a ConditionalMLP with its exact trace", "exact", { few: ["cheap"] }),
  mlpCase("a ConditionalMLP with Gaussian probes", "gaussian"),
  mlpCase("a ConditionalMLP with Rademacher probes", "rademacher"),
  mlpCase("a ConditionalMLP with exact energies", "exact", { energies: { energies: true } }),
  mlpCase("a ConditionalMLP with probed energies", "gaussian", { energies: { energies: true } }),
  spiral,
];

/** The same problem in float64 throughout, from the case's start or another, with other parameters. */
export async function solveFloat64(
  kind: FieldCase,
  problem: SolveProblem,
  changes: {
    readonly parameters?: Float64Array;
    readonly y0?: Float64Array;
    readonly times?: readonly number[];
  } = {},
) {
  const [rows, width] = problem.y0.shape;
  const slope = kind.slope(changes.parameters ?? Float64Array.from(kind.parameters));
  const { y1, states, reports } = await solveRows<HostRows>({
    ...problem,
    space: hostSpace,
    field: {
      parts: kind.parts,
      evaluate: (t, y, rowIds) => {
        const data = new Float64Array(y.data.length);
        for (let row = 0; row < y.count; row++) {
          const first = row * width;
          data.set(slope(t[row]!, y.data.slice(first, first + width), rowIds[row]!), first);
        }
        return hostRows(data, y.count, width);
      },
    },
    y0: hostRows(changes.y0 ?? Float64Array.from(startRows(kind, rows)), rows, width),
    times: changes.times ?? [],
    onStep: null,
  });
  return { y1: y1.data, states: states.map((state) => state.data), reports };
}
