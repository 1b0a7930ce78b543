import * as tf from "../../../core/tfjs/library.ts";
import type { Solution, SolutionNumbers, SolveReport } from "../engine.ts";
import { drawProbes } from "../../probes.ts";
import { adaptiveFields } from "./control_fields.ts";
import type { EngineModule } from "./engine_module.ts";
import { Job } from "./job.ts";
import { activationChunks, groupsOf, solveArrays } from "./job_sizes.ts";
import type { MlpProblem } from "../valid_problem.ts";
import { interpolantNumbers, shapeOf } from "./mlp_problem.ts";

/** The module and resources of a solve. */
export interface Machine {
  readonly module: EngineModule;
  readonly threads: number;
  /** 1 for wide register tiles; the bits are the same. */
  readonly wide: 0 | 1;
  /** Memory for the activations of recorded steps, in bytes. */
  readonly activationBytes: number;
}

/** Constructor fields of {@link Solved}. */
type SolvedParts = Pick<
  Solved,
  "module" | "threads" | "problem" | "job" | "reports" | "numbers"
>;

/** A solve in the engine's memory, with its step records if the problem keeps them. */
export class Solved implements Solution {
  readonly module: EngineModule;
  readonly threads: number;
  readonly problem: MlpProblem;
  readonly job: Job;
  readonly reports: readonly SolveReport[];
  readonly numbers: SolutionNumbers;
  /** Made when they are asked for: who reads `numbers` needs none. */
  #y1: tf.Tensor2D | null = null;
  #states: readonly tf.Tensor2D[] | null = null;

  constructor({ module, threads, problem, job, reports, numbers }: SolvedParts) {
    this.module = module;
    this.threads = threads;
    this.problem = problem;
    this.job = job;
    this.reports = reports;
    this.numbers = numbers;
  }

  get y1(): tf.Tensor2D {
    return this.#y1 ??= this.#tensor(this.numbers.y1);
  }

  get states(): readonly tf.Tensor2D[] {
    return this.#states ??= this.numbers.states.map((state) => this.#tensor(state));
  }

  #tensor(values: Float32Array): tf.Tensor2D {
    const { rows, width } = this.job.shape;
    return tf.keep(tf.tensor2d(values as Float32Array<ArrayBuffer>, [rows, width]));
  }

  dispose(): void {
    for (const tensor of [this.#y1, ...this.#states ?? []]) tensor?.dispose();
    this.job.dispose();
  }
}

/** Lays out the job of a problem that fits into memory, ready to be solved. */
export async function beginJob(machine: Machine, problem: MlpProblem): Promise<Job> {
  const { module, threads, wide, activationBytes } = machine;
  const { field, y0, tableau, control } = problem;
  const shape = shapeOf(problem);
  const { rows, width, groupRows, stages, dims, hidden, directions } = shape;
  const times = problem.keep.kind === "times" ? problem.keep.times : [];
  const { trace } = field;
  const probes = trace?.kind === "hutchinson"
    ? drawProbes(trace.probes, rows, dims)
    : new Float32Array();
  const [start, parameters] = await Promise.all([
    "values" in y0 ? y0.values : y0.data<"float32">(),
    field.parameters.read(),
  ]);
  const arrays = solveArrays(shape);
  requireLength("parameters", parameters, arrays.parameters);
  const zeros = new Array<number>(stages).fill(0);
  const table = [
    ...tableau.c,
    ...tableau.b,
    ...tableau.bError ?? zeros,
    ...tableau.a.flatMap((row) => [...row, ...zeros.slice(row.length)]),
  ];
  const { interpolant } = tableau, dense = interpolantNumbers(interpolant);

  const job = new Job(module, shape);
  try {
    job.set({
      dims,
      hidden,
      directions,
      probed: Number(shape.probed),
      energies: Number(shape.energies),
      wide,
      preparedBytes: arrays.prepared,
      rows,
      width,
      groupRows,
      stages,
      errorOrder: tableau.errorOrder,
      firstSameAsLast: Number(tableau.firstSameAsLast),
      basisCount: interpolant.basis.length,
      powerCount: interpolant.powers.length,
      steps: control.kind === "fixed" ? control.steps : 0,
      maxSteps: problem.maxSteps,
      keepsRecords: Number(problem.keep.kind === "records"),
      timeCount: times.length,
      chunksLeft: activationChunks(shape, activationBytes, threads),
      t0: problem.t0,
      t1: problem.t1,
      ...(control.kind === "adaptive" ? adaptiveFields(control, tableau.errorOrder) : {}),
    });
    job.take(arrays);
    job.doubles(job.get("tableau"), table.length).set(table);
    job.doubles(job.get("interpolant"), dense.length).set(dense);
    job.floats(job.get("parameters"), parameters.length).set(parameters);
    job.floats(job.get("y0"), rows * width).set(start);
    job.floats(job.get("probes"), probes.length).set(probes);
    job.doubles(job.get("times"), times.length).set(times);
    job.prepare();
    return job;
  } catch (error) {
    job.dispose();
    throw error;
  }
}

/** Rows [n * width] in a job's memory, copied; NaN where a group failed. */
export function solvedRows(
  job: Job,
  address: number,
  reports: readonly SolveReport[],
): Float32Array<ArrayBuffer> {
  const { rows, width } = job.shape;
  const values = job.floats(address, rows * width).slice() as Float32Array<ArrayBuffer>;
  for (const { rows: [first, end], failure } of reports) {
    if (failure !== null) values.fill(NaN, first * width, end * width);
  }
  return values;
}

/** Solves a problem whose job fits into memory. */
export async function solveJob(machine: Machine, problem: MlpProblem): Promise<Solved> {
  const { module, threads } = machine;
  const job = await beginJob(machine, problem);
  const { shape } = job, { rows, width } = shape;
  try {
    await job.run("solveGroups", groupsOf(shape), threads);
    const reports = job.reports();
    const states = Array.from(
      { length: shape.times },
      (_, i) => solvedRows(job, job.get("timeStates") + 4 * i * rows * width, reports),
    );
    const numbers = { y1: solvedRows(job, job.get("y1"), reports), states };
    return new Solved({ module, threads, problem, job, reports, numbers });
  } catch (error) {
    job.dispose();
    throw error;
  }
}

/** @param bytes Size of the array in the job. */
function requireLength(what: string, values: Float32Array, bytes: number): void {
  if (4 * values.length !== bytes) {
    throw new RangeError(`solve: expected ${bytes / 4} ${what}, got ${values.length}`);
  }
}
