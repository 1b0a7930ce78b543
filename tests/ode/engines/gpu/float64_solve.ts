import {
  type HostRows,
  hostRows,
  hostSpace,
} from "../../../../src/ode/engines/portable/host_rows.ts";
import type { StepControl } from "../../../../src/ode/engines/engine.ts";
import type { TraceKind } from "../../../../src/ode/engines/gpu/field_wgsl.ts";
import type { DifferentiableField } from "../../../../src/ode/field.ts";
import type { StepRecord } from "../../../../src/ode/solver/rows_problem.ts";
import { solveRows } from "../../../../src/ode/solver/solve.ts";
import type { Tableau } from "../../../../src/ode/tableau.ts";
import type { MlpShape } from "../../../../src/ops/mlp_field/contract.ts";
import { mlpAt, mlpFloat64, unitVectors } from "../../../../src/ops/mlp_field/float64.ts";

/** Float32 numbers of a ConditionalMLP and of its states, as a device has them. */
export interface MlpNumbers {
  /** Flat, device order. */
  readonly parameters: Float32Array;
  /** [rows, dims], for Hutchinson's trace. */
  readonly probes?: Float32Array;
  /** [rows, dims], or dims + 1 with a trace. */
  readonly y0: Float32Array;
}

/** A field in float64. */
export function mlpFieldFloat64(
  { dims, hidden, trace }: MlpShape & { readonly trace: TraceKind },
  { parameters, probes }: Omit<MlpNumbers, "y0">,
): DifferentiableField<HostRows, Float64Array> {
  const net = mlpFloat64({ dims, hidden }, Float64Array.from(parameters));
  const width = dims + (trace === "none" ? 0 : 1);
  const directionsOf = (row: number) =>
    trace === "none"
      ? []
      : trace === "exact"
      ? unitVectors(dims)
      : [Float64Array.from(probes!.subarray(row * dims, (row + 1) * dims))];
  const points = (t: Float64Array, y: HostRows, rowIds: Int32Array) =>
    Array.from(t, (time, row) => {
      const x = y.data.slice(row * width, row * width + dims);
      return mlpAt(net, { x, t: time }, directionsOf(rowIds[row]!));
    });
  const slopes = (of: ReturnType<typeof points>) =>
    hostRows(
      Float64Array.from(of.flatMap(({ velocity, divergence }) =>
        trace === "none" ? [...velocity] : [...velocity, -divergence]
      )),
      of.length,
      width,
    );
  return {
    parts: trace === "none" ? null : [{ name: "z", width: dims }, { name: "logp", width: 1 }],
    parameterCount: net.parameters.length,
    linearizationRows: 4096,
    evaluate: (t, y, rowIds) => slopes(points(t, y, rowIds)),
    linearize({ t, y, rowIds, gradient }) {
      const near = points(t, y, rowIds);
      return {
        value: () => slopes(near),
        pullBack(first, { data, count }) {
          const sum = new Float64Array(net.parameters.length);
          const ofY = new Float64Array(data.length);
          for (let row = 0; row < count; row++) {
            const at = row * width;
            const velocity = data.slice(at, at + dims);
            const divergence = trace === "none" ? 0 : -data[at + dims]!;
            ofY.set(near[first + row]!.pullBack({ velocity, divergence }, sum), at);
          }
          gradient?.add(sum);
          return hostRows(ofY, count, width);
        },
        close() {},
      };
    },
  };
}

/** How a problem is solved. */
export interface Float64Solve {
  readonly groupRows: number;
  readonly tableau: Tableau;
  readonly control: StepControl;
  /** From t = 1 to 0 instead of 0 to 1. */
  readonly isReversed?: true;
}

/** The end [rows, width] of a solve in float64, and its steps. */
export async function solveFloat64(
  field: DifferentiableField<HostRows, Float64Array>,
  y0: Float32Array,
  { groupRows, tableau, control, isReversed, rows }: Float64Solve & { readonly rows: number },
): Promise<{ readonly y1: Float64Array; readonly steps: readonly StepRecord<HostRows>[] }> {
  const steps: StepRecord<HostRows>[] = [];
  const [t0, t1] = isReversed ? [1, 0] : [0, 1];
  const { y1 } = await solveRows<HostRows>({
    space: hostSpace,
    field,
    y0: hostRows(Float64Array.from(y0), rows, y0.length / rows),
    t0,
    t1,
    tableau,
    control,
    controlGroup: groupRows,
    maxSteps: 10_000,
    times: [],
    onStep: (step) => steps.push(step),
  });
  return { y1: y1.data, steps };
}
