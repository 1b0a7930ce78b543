import type { Gpu, PooledBuffer } from "../../../../../src/backends/gpu/mod.ts";
import {
  type HostRows,
  hostRows,
  hostSpace,
} from "../../../../../src/ode/engines/portable/host_rows.ts";
import { recordNumbers } from "../../../../../src/ode/engines/gpu/records.ts";
import type { TraceKind } from "../../../../../src/ode/engines/gpu/field_wgsl.ts";
import { Float64Sum } from "../../../../../src/ode/mlp_float64_field.ts";
import { replay } from "../../../../../src/ode/solver/replay.ts";
import type { StepRecord } from "../../../../../src/ode/solver/rows_problem.ts";
import type { MlpShape } from "../../../../../src/ops/mlp_field/contract.ts";
import { randomNumbers, randomWeights } from "../../mlp_problem.ts";
import { type Float64Solve, mlpFieldFloat64, solveFloat64 } from "../float64_solve.ts";

/** A solve whose gradient is compared. */
export interface RecordedCase extends MlpShape, Float64Solve {
  readonly trace: TraceKind;
  readonly rows: number;
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

/** The steps of a case and the gradient of its cotangent, in float64. */
export async function solveAndReplay(given: RecordedCase) {
  const { rows, tableau } = given, numbers = numbersOf(given), { width, cotangent, y0 } = numbers;
  const field = mlpFieldFloat64(given, numbers);
  const { steps } = await solveFloat64(field, y0, given);
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
