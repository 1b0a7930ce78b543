import type { Gpu, PooledBuffer } from "../../../../../src/backends/gpu/mod.ts";
import {
  type HostRows,
  hostRows,
  hostSpace,
} from "../../../../../src/ode/engines/portable/host_rows.ts";
import { recordNumbers } from "../../../../../src/ode/engines/gpu/records.ts";
import type { TraceKind } from "../../../../../src/ode/engines/gpu/field_wgsl.ts";
import type { StepControl } from "../../../../../src/ode/engines/engine.ts";
import type { DifferentiableField } from "../../../../../src/ode/field.ts";
import { Float64Sum } from "../../../../../src/ode/mlp_float64_field.ts";
import { replay } from "../../../../../src/ode/solver/replay.ts";
import type { StepRecord } from "../../../../../src/ode/solver/rows_problem.ts";
import { solveRows } from "../../../../../src/ode/solver/solve.ts";
import type { Tableau } from "../../../../../src/ode/tableau.ts";
import type { MlpShape } from "../../../../../src/ops/mlp_field/contract.ts";
import { mlpAt, mlpFloat64, unitVectors } from "../../../../../src/ops/mlp_field/float64.ts";
import { randomNumbers, randomWeights } from "../../mlp_problem.ts";

/** A solve whose gradient is compared. */
export interface RecordedCase extends MlpShape {
  readonly trace: TraceKind;
  readonly rows: number;
  readonly groupRows: number;
  readonly tableau: Tableau;
  readonly control: StepControl;
  /** From t = 1 to 0 instead of 0 to 1. */
  readonly isReversed?: true;
}

/** Float32 parameters, probes and cotangent of a case, as the device has them. */
export function numbersOf({ rows, trace, ...shape }: RecordedCase) {
  const width = shape.dims + (trace === "none" ? 0 : 1);
  return {
    width,
    parameters: randomWeights(shape, 1.5),
    probes: Float32Array.from(randomNumbers(rows * shape.dims, 41)),
    cotangent: Float32Array.from(randomNumbers(rows * width, 42)),
    y0: Float32Array.from(randomNumbers(rows * width, 43)),
  };
}

/** The field of a case in float64. */
function fieldOf(
  { dims, hidden, trace, ...given }: RecordedCase,
): DifferentiableField<HostRows, Float64Array> {
  const { parameters, probes, width } = numbersOf({ dims, hidden, trace, ...given });
  const net = mlpFloat64({ dims, hidden }, Float64Array.from(parameters));
  const directionsOf = (row: number) =>
    trace === "none"
      ? []
      : trace === "exact"
      ? unitVectors(dims)
      : [Float64Array.from(probes.subarray(row * dims, (row + 1) * dims))];
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
    parts: null,
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

/** The steps of a case and the gradient of its cotangent, in float64. */
export async function solveAndReplay(given: RecordedCase) {
  const { rows, tableau, control, groupRows, isReversed } = given;
  const { width, cotangent, y0 } = numbersOf(given);
  const field = fieldOf(given);
  const steps: StepRecord<HostRows>[] = [];
  const [t0, t1] = isReversed ? [1, 0] : [0, 1];
  await solveRows<HostRows>({
    space: hostSpace,
    field,
    y0: hostRows(Float64Array.from(y0), rows, width),
    t0,
    t1,
    tableau,
    control,
    controlGroup: groupRows,
    maxSteps: 1000,
    times: [],
    onStep: (step) => steps.push(step),
  });
  const gradient = new Float64Sum(field.parameterCount);
  const start = hostRows(Float64Array.from(cotangent), rows, width);
  const result = replay({ space: hostSpace, field, tableau, steps, cotangent: start, gradient });
  return { steps, y0: result.y0.data, parameters: gradient.total };
}

/** Recorded steps as the GPU's solve leaves them, in chunks with room for so many steps. */
export function chunksOf(
  gpu: Gpu,
  given: RecordedCase,
  { steps, chunkSteps }: {
    readonly steps: readonly StepRecord<HostRows>[];
    readonly chunkSteps: number;
  },
): PooledBuffer[] {
  const { dims, rows, groupRows, tableau } = given;
  const slopes = tableau.firstSameAsLast ? tableau.c.length - 1 : tableau.c.length;
  const groups = Math.ceil(rows / groupRows), numbers = recordNumbers({ dims, slopes });
  const chunks: Float32Array<ArrayBuffer>[] = [];
  const done = new Int32Array(rows);
  for (const { rowIds, t, h, y, slopes: recorded } of steps) {
    rowIds.forEach((id, i) => {
      const step = done[id]!++, within = step % chunkSteps, group = Math.floor(id / groupRows);
      const chunk = chunks[Math.floor(step / chunkSteps)] ??= new Float32Array(
        groups * (1 + chunkSteps * groupRows * numbers),
      );
      chunk[group] = within + 1;
      const row = (group * chunkSteps + within) * groupRows + id % groupRows;
      const of = ({ data, width }: HostRows) => data.subarray(i * width, i * width + dims);
      chunk.set(
        [t[i]!, h[i]!, ...[y, ...recorded].flatMap((rows) => [...of(rows)])],
        groups + row * numbers,
      );
    });
  }
  return chunks.map((chunk) => gpu.upload(chunk));
}
