import * as tf from "../../../core/tfjs/library.ts";
import { needTensors } from "../../../core/tfjs/on_demand.ts";
import { ready } from "../../../core/late.ts";
import type {
  Engine,
  FieldSpec,
  Gradient,
  GradientMethod,
  NumberRows,
  Solution,
  SolveProblem,
} from "../engine.ts";
import { requireSolved } from "../../solver/failure_message.ts";
import type { DifferentiableField } from "../../field.ts";
import { requireInterpolant } from "../../interpolant.ts";
import { adjointGradient } from "./adjoint_gradient.ts";
import { type HostRows, hostSpace } from "./host_rows.ts";
import { mlpHostField, mlpTensorField } from "./mlp_field.ts";
import { replay } from "../../solver/replay.ts";
import { requireRowsFit } from "../../solver/rows_memory.ts";
import type { RowSpace } from "../../solver/rows.ts";
import type { RowsSolution, StepRecord } from "../../solver/rows_problem.ts";
import { solveRows } from "../../solver/solve.ts";
import { requireControl } from "../../solver/step_control.ts";
import { onHost, toTensor } from "./tensor_field.ts";
import { tensorSpace } from "./tensor_rows.ts";
import { TensorSum } from "./tensor_sum.ts";

/** Where an engine stores rows between evaluations. */
interface EngineStorage<Rows> {
  readonly name: string;
  readonly space: RowSpace<Rows>;
  /** The field over these rows; dispose it. */
  field(
    spec: FieldSpec,
    rows: number,
  ): { field: DifferentiableField<Rows, tf.Tensor1D>; dispose(): void };
  /** Rows of a tensor or of numbers, owned by the caller; the tensor's ownership does not change. */
  from(given: tf.Tensor2D | NumberRows): Promise<Rows>;
  /** A tensor of the rows, owned by the caller. */
  toTensor(rows: Rows): tf.Tensor2D;
}

function unowned<Rows>(field: DifferentiableField<Rows, tf.Tensor1D>) {
  return { field, dispose() {} };
}

function owned<Rows>(field: DifferentiableField<Rows, tf.Tensor1D> & { dispose(): void }) {
  return { field, dispose: () => field.dispose() };
}

const hostStorage: EngineStorage<HostRows> = {
  name: "portable, rows on the host",
  space: hostSpace,
  field: (spec, rows) =>
    spec.kind === "mlp" ? owned(mlpHostField(spec, { rows })) : unowned(onHost(spec.field)),
  async from(given) {
    const [count, width] = given.shape;
    const values = "values" in given ? given.values : await given.data<"float32">();
    return { data: Float64Array.from(values), count, width };
  },
  toTensor,
};

const tensorStorage: EngineStorage<tf.Tensor2D> = {
  name: "portable, rows in tensors",
  space: tensorSpace,
  field: (spec, rows) =>
    spec.kind === "mlp" ? owned(mlpTensorField(spec, { rows })) : unowned(spec.field),
  from: (given) =>
    Promise.resolve(
      "values" in given ? tf.tensor2d(given.values, [...given.shape]) : tf.clone(given),
    ),
  toTensor: (rows) => tf.clone(rows),
};

/** A solution with the data that the engine's pull-back and report need. */
class Solved<Rows> implements Solution {
  readonly y1: tf.Tensor2D;
  readonly states: readonly tf.Tensor2D[];

  constructor(
    readonly storage: EngineStorage<Rows>,
    readonly problem: SolveProblem,
    readonly rows: RowsSolution<Rows>,
    readonly steps: readonly StepRecord<Rows>[] | null,
    readonly held: ReturnType<EngineStorage<Rows>["field"]>,
  ) {
    this.y1 = storage.toTensor(rows.y1);
    this.states = rows.states.map((state) => storage.toTensor(state));
    for (const state of rows.states) storage.space.release(state);
  }

  dispose(): void {
    const { space } = this.storage;
    tf.dispose([this.y1, ...this.states]);
    space.release(this.rows.y1);
    releaseSteps(space, this.steps ?? []);
    this.held.dispose();
  }
}

function releaseSteps<Rows>(space: RowSpace<Rows>, steps: readonly StepRecord<Rows>[]): void {
  for (const step of steps) {
    for (const rows of [step.y, ...step.slopes]) space.release(rows);
  }
}

/**
 * The reference engine, in tfjs, which supports every field on every backend.
 *
 * With `host`, rows are float64 arrays and only the field is evaluated on tensors; used for CPU
 * backends, where a read-back is free. With `tensors`, rows stay on the device and each step attempt
 * reads back one vector of error norms; used for WebGPU.
 */
export function portableEngine(kind: "host" | "tensors"): Engine {
  return kind === "host" ? engineOver(hostStorage) : engineOver(tensorStorage);
}

function engineOver<Rows>(storage: EngineStorage<Rows>): Engine {
  const { space } = storage;
  const known = (solution: Solution): Solved<Rows> => {
    if (solution instanceof Solved && solution.storage === storage) return solution;
    throw new TypeError(`${storage.name}: the solution belongs to another engine`);
  };
  return {
    name: storage.name,
    threads: 1,
    supports: () => ({ kind: "yes" }),
    async solve(problem) {
      requireControl(problem);
      requireInterpolant(problem.tableau.interpolant, problem.tableau);
      const [rows, width] = problem.y0.shape;
      const times = problem.keep.kind === "times" ? problem.keep.times.length : 0;
      requireRowsFit(rows, { width, stages: problem.tableau.c.length, times });
      await needTensors();
      const held = storage.field(problem.field, rows);
      const steps: StepRecord<Rows>[] = [];
      const { kind } = problem.keep;
      let y0: Rows | null = null;
      try {
        y0 = await storage.from(problem.y0);
        const rows = await solveRows({
          ...problem,
          space,
          field: held.field,
          y0,
          times: problem.keep.kind === "times" ? problem.keep.times : [],
          onStep: kind === "records" ? (step) => steps.push(step) : null,
        });
        return new Solved(storage, problem, rows, kind === "records" ? steps : null, held);
      } catch (error) {
        releaseSteps(space, steps);
        held.dispose();
        throw error;
      } finally {
        if (y0 !== null) space.release(y0);
      }
    },
    async pullBack(solution, cotangent, method) {
      const solved = known(solution);
      const { problem, rows } = solved;
      const { control, maxSteps } = problem;
      requireSolved(rows.reports, { control, maxSteps, maxStepsOption: "maxSteps" });
      const start = await storage.from(cotangent);
      try {
        return await pullBack(solved, start, method);
      } finally {
        space.release(start);
      }
    },
    report: (solution) => ready(known(solution).rows.reports),
  };
}

async function pullBack<Rows>(
  solved: Solved<Rows>,
  cotangent: Rows,
  method: GradientMethod,
): Promise<Gradient> {
  const { storage, problem, held: { field }, rows, steps } = solved;
  const { space } = storage;
  const gradient = new TensorSum(field.parameterCount);
  const count = space.count(cotangent);
  try {
    switch (method.kind) {
      case "direct": {
        if (steps === null) {
          throw new TypeError('direct gradient: solve with keep: { kind: "records" }');
        }
        const { tableau } = problem;
        const result = replay({ space, field, tableau, steps, cotangent, gradient });
        const y0 = storage.toTensor(result.y0);
        space.release(result.y0);
        return { y0, parameters: gradient.take(), nfe: ready(result.pulledRows / count) };
      }
      case "adjoint": {
        const inputs = { problem, space, field, y1: rows.y1, cotangent, method };
        return await adjointGradient(inputs, (rows) => storage.toTensor(rows));
      }
      default:
        return method satisfies never;
    }
  } finally {
    gradient.dispose();
  }
}
