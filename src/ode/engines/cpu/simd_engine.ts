import * as tf from "@tensorflow/tfjs";
import { fromBase64 } from "../../../core/base64.ts";
import { FailureError } from "../../../core/errors.ts";
import { requireInside } from "../../../threads/operands.ts";
import { Stopped } from "../../../core/stop.ts";
import { type SimdChoice, simdModule } from "../../../threads/simd_module.ts";
import { type Block, Pool } from "../../../threads/pool.ts";
import type {
  Engine,
  FieldSpec,
  Gradient,
  GradientMethod,
  Solution,
  SolveFailure,
  SolveProblem,
  SolveReport,
} from "../engine.ts";
import { usableThreads } from "../../../threads/usable_threads.ts";
import { describeFailures } from "../../solver/failure_message.ts";
import { portableEngine } from "../portable/portable_engine.ts";
import * as at from "./simd_job.ts";
import * as layout from "./simd_layout.ts";
import { requireCountable } from "../../solver/step_control.ts";
import { PlaneTileChoice } from "./simd_tile_choice.ts";
import plain from "./simd_engine.plain.wasm.b64" with { type: "text" };
import relaxed from "./simd_engine.relaxed.wasm.b64" with { type: "text" };

/** How a {@link simdEngine} computes. */
export interface SimdEngineOptions {
  /** At most so many threads; as many as there are cores when left out. */
  readonly threads?: number;
  /** `fastest` when left out. */
  readonly build?: SimdChoice;
  /** How products are cut; as is faster here when left out. The bits are the same. */
  readonly tiles?: "narrow" | "wide";
  /**
   * Memory for the activations of recorded steps, in bytes; 512 MiB when left out. What does not
   * fit is computed again in the pull-back: no result depends on it.
   */
  readonly activationBytes?: number;
}

const ACTIVATION_BYTES = 512 * 2 ** 20;

type MlpProblem = SolveProblem & { readonly field: Extract<FieldSpec, { kind: "mlp" }> };

/** Functions of the module that threads share in. */
const threadFunctions = ["solveGroups", "pullBackTiles", "solveAdjointGroups"] as const;
type ThreadFunction = typeof threadFunctions[number];

/** What each needs scratch memory for. */
const scratchUses = {
  solveGroups: "solve",
  pullBackTiles: "pullBack",
  solveAdjointGroups: "adjoint",
} as const satisfies Record<ThreadFunction, layout.ScratchUse>;

/** What engines of a build share. */
interface Shared {
  readonly pool: Pool;
  readonly tiles: PlaneTileChoice;
}

// One memory and one set of workers a build for the whole process, like tfjs's backends.
const builds = new Map<SimdChoice, Shared>();

function sharedOf(build: SimdChoice): Shared {
  let shared = builds.get(build);
  if (shared === undefined) {
    const embedded = { relaxed: fromBase64(relaxed), plain: fromBase64(plain) };
    const pool = new Pool(simdModule(embedded, build), threadFunctions);
    shared = { pool, tiles: new PlaneTileChoice(pool) };
    builds.set(build, shared);
  }
  return shared;
}

/**
 * The engine on the CPU's vectors and cores. Whole solves of ConditionalMLPs, and their
 * pull-backs by either gradient, run in WebAssembly, a control group at a time, on Fluxion's own
 * shared memory; every other field goes to the portable engine.
 *
 * A row's result depends neither on the number of threads nor on the other groups; the
 * parameters' cotangent has the same bits on any number of threads.
 */
export function simdEngine(options: SimdEngineOptions = {}): Engine {
  const {
    build = "fastest",
    tiles,
    activationBytes = ACTIVATION_BYTES,
  } = options;
  const threads = usableThreads(options.threads);
  const portable = portableEngine("host");
  return {
    name: `SIMD in WebAssembly, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    threads,
    async solve(problem) {
      const { field } = problem;
      if (field.kind !== "mlp") return portable.solve(problem);
      requireProblem({ ...problem, field });
      const shape = shapeOf({ ...problem, field });
      // By shapes alone, never by the memory that is free: the bits are not the same.
      if (!layout.jobFits(shape, problem.keep.kind === "records")) {
        return await portable.solve(problem);
      }
      const shared = sharedOf(build);
      const isWide = tiles === undefined ? shared.tiles.isWide : tiles === "wide";
      const machine = { pool: shared.pool, threads, isWide, activationBytes };
      return solve(machine, { ...problem, field });
    },
    pullBack(solution, cotangent, method) {
      if (!(solution instanceof Solved)) return portable.pullBack(solution, cotangent, method);
      return pullBack(solution, cotangent, method);
    },
    report(solution) {
      return solution instanceof Solved
        ? Promise.resolve(solution.reports)
        : portable.report(solution);
    },
  };
}

/** What the sizes of a problem's job follow from. */
function shapeOf({ field, y0, tableau, controlGroup, keep }: MlpProblem): layout.JobShape {
  const { dims, hidden, trace } = field;
  const [rows, width] = y0.shape;
  return {
    dims,
    hidden,
    directions: trace === null ? 0 : trace.kind === "exact" ? dims : 1,
    probed: trace?.kind === "hutchinson",
    rows,
    width,
    groupRows: controlGroup === "batch" ? rows : Math.min(controlGroup, rows),
    stages: tableau.c.length,
    times: keep.kind === "times" ? keep.times.length : 0,
  };
}

/** A solve in the shared memory. */
class Solved implements Solution {
  constructor(
    readonly pool: Pool,
    readonly threads: number,
    readonly problem: MlpProblem,
    readonly job: Job,
    readonly reports: readonly SolveReport[],
    readonly y1: tf.Tensor2D,
    readonly states: readonly tf.Tensor2D[],
  ) {}

  dispose(): void {
    tf.dispose([this.y1, ...this.states]);
    this.job.dispose();
  }
}

/** Places of a job's addresses, and how many bytes belong there. */
type Places = readonly (readonly [place: number, bytes: number])[];

/** A job in the shared memory; see simd_job.ts. */
class Job {
  readonly #pool: Pool;
  readonly #blocks: Block[] = [];
  /** Bytes of the arrays by the places of their addresses. */
  readonly #arrays = new Map<number, number>();
  readonly address: number;
  readonly shape: layout.JobShape;

  constructor(pool: Pool, shape: layout.JobShape) {
    this.#pool = pool;
    this.shape = shape;
    const block = pool.allocate(at.jobBytes);
    this.#blocks.push(block);
    this.address = block.at;
    new Uint8Array(pool.memory.buffer, this.address, at.jobBytes).fill(0);
  }

  /** Lays arrays out in a block that lives as long as the job, each from a cache line on. */
  take(places: Places): void {
    const block = this.#pool.allocate(layout.blockBytes(Object.fromEntries(places)));
    this.#blocks.push(block);
    this.lay(places, block);
  }

  /** Lays arrays out in a block. */
  lay(places: Places, block: Block): void {
    let next = block.at;
    for (const [place, bytes] of places) {
      this.set(place, next);
      this.#arrays.set(place, bytes);
      next += Math.ceil(bytes / 64) * 64;
    }
    requireInside(block.bytes, 0, next - block.at, "the arrays of a job");
  }

  /** As another job has it: its words and its arrays, which stay the other's. */
  copy(other: Job): void {
    this.words(this.address, at.jobBytes / 4).set(other.words(other.address, at.jobBytes / 4));
    for (const [place, bytes] of other.#arrays) this.#arrays.set(place, bytes);
  }

  set(place: number, value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) {
      throw new RangeError(`a job of the CPU engine: ${value} is no word of 32 bits`);
    }
    new Uint32Array(this.#pool.memory.buffer, this.address + place, 1)[0] = value;
  }

  get(place: number): number {
    return new Uint32Array(this.#pool.memory.buffer, this.address + place, 1)[0]!;
  }

  setDouble(place: number, value: number): void {
    new Float64Array(this.#pool.memory.buffer, this.address + place, 1)[0] = value;
  }

  floats(address: number, count: number): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.#pool.memory.buffer, address, count);
  }

  doubles(address: number, count: number): Float64Array<ArrayBufferLike> {
    return new Float64Array(this.#pool.memory.buffer, address, count);
  }

  words(address: number, count: number): Int32Array<ArrayBufferLike> {
    return new Int32Array(this.#pool.memory.buffer, address, count);
  }

  /** Prepares the parameters. */
  prepare(): void {
    this.#check();
    this.#pool.exports.prepareJob!(this.address);
  }

  /** Adds the partial sums of the parameters' cotangent up. */
  addPartialSums(): void {
    this.#check();
    this.#pool.exports.addPartialSums!(this.address);
  }

  /** Runs a function of the module on all threads, which take items until `items` are done. */
  async run(name: ThreadFunction, items: number, threads: number): Promise<void> {
    const pool = this.#pool;
    const use = scratchUses[name];
    const bytes = layout.scratchBytes(this.shape, use);
    const used = layout.threadsThatFit(this.shape, use, Math.min(threads, items));
    const scratch = pool.allocate(bytes * used);
    try {
      this.set(at.jobScratch, scratch.at);
      this.set(at.jobScratchBytes, bytes);
      this.set(at.jobPulls, Number(use !== "solve"));
      this.set(at.jobNextItem, 0);
      this.#check();
      await pool.run(name, this.address, used);
    } finally {
      pool.release(scratch);
    }
    const failed = this.get(at.jobFailed);
    if (failed === at.stopped) throw new Stopped("a solve was asked to stop");
    if (failed !== 0) {
      throw new FailureError(
        "the CPU engine has no memory left for the steps of this solve: try a smaller batch, " +
          "or the gradient adjoint",
      );
    }
  }

  /** Compares every array with the memory: nothing in the module does. */
  #check(): void {
    const { byteLength } = this.#pool.memory.buffer;
    requireInside(byteLength, this.address, at.jobBytes, "a job");
    for (const [place, bytes] of this.#arrays) {
      requireInside(byteLength, this.get(place), bytes, `the array at ${place} of a job`);
    }
  }

  dispose(): void {
    if (this.#blocks.length === 0) return;
    this.#pool.exports.giveChunks!(this.address);
    for (const block of this.#blocks.splice(0)) this.#pool.release(block);
  }
}

/** What a solve runs on. */
interface Machine {
  readonly pool: Pool;
  readonly threads: number;
  readonly isWide: boolean;
  readonly activationBytes: number;
}

async function solve(machine: Machine, problem: MlpProblem): Promise<Solution> {
  const { pool, threads, isWide, activationBytes } = machine;
  const { field, y0, tableau, control } = problem;
  const shape = shapeOf(problem);
  const { rows, width, groupRows, stages, dims, hidden, directions } = shape;
  const times = problem.keep.kind === "times" ? problem.keep.times : [];
  const { trace } = field;
  const probes = trace?.kind === "hutchinson" ? trace.probes : new Float32Array();
  const [start, parameters] = await Promise.all([
    y0.data<"float32">(),
    field.parameters.flat.data<"float32">(),
  ]);
  const arrays = layout.solveArrays(shape);
  requireLength("parameters", parameters, arrays.parameters);
  requireLength("probes", probes, arrays.probes);
  const zeros = new Array<number>(stages).fill(0);
  const table = [
    ...tableau.c,
    ...tableau.b,
    ...tableau.bError ?? zeros,
    ...tableau.bMid ?? zeros,
    ...tableau.a.flatMap((row) => [...row, ...zeros.slice(row.length)]),
  ];

  const job = new Job(pool, shape);
  try {
    const words: readonly (readonly [number, number])[] = [
      [at.jobDims, dims],
      [at.jobHidden, hidden],
      [at.jobDirections, directions],
      [at.jobWide, Number(isWide)],
      [at.jobProbed, Number(shape.probed)],
      [at.jobRows, rows],
      [at.jobWidth, width],
      [at.jobGroupRows, groupRows],
      [at.jobStages, stages],
      [at.jobOrder, tableau.order],
      [at.jobFirstSameAsLast, tableau.firstSameAsLast ? 1 : 0],
      [at.jobHasMiddle, tableau.bMid === null ? 0 : 1],
      [at.jobSteps, control.kind === "fixed" ? control.steps : 0],
      [at.jobMaxSteps, problem.maxSteps],
      [at.jobKeepsRecords, problem.keep.kind === "records" ? 1 : 0],
      [at.jobTimeCount, times.length],
      [at.jobPreparedBytes, arrays.prepared],
      [at.jobChunksLeft, layout.activationChunks(shape, activationBytes)],
    ];
    for (const [place, value] of words) job.set(place, value);
    job.setDouble(at.jobT0, problem.t0);
    job.setDouble(at.jobT1, problem.t1);
    job.setDouble(at.jobRtol, control.kind === "adaptive" ? control.rtol : 0);
    job.setDouble(at.jobAtol, control.kind === "adaptive" ? control.atol : 0);
    job.take([
      [at.jobTableau, arrays.tableau],
      [at.jobParameters, arrays.parameters],
      [at.jobPrepared, arrays.prepared],
      [at.jobY0, arrays.y0],
      [at.jobY1, arrays.y1],
      [at.jobProbes, arrays.probes],
      [at.jobTimes, arrays.times],
      [at.jobTimeStates, arrays.timeStates],
      [at.jobReports, arrays.reports],
      [at.jobLastRecords, arrays.lastRecords],
    ]);
    job.doubles(job.get(at.jobTableau), table.length).set(table);
    job.floats(job.get(at.jobParameters), parameters.length).set(parameters);
    job.floats(job.get(at.jobY0), rows * width).set(start);
    job.floats(job.get(at.jobProbes), probes.length).set(probes);
    job.doubles(job.get(at.jobTimes), times.length).set(times);
    job.prepare();
    await job.run("solveGroups", layout.groupsOf(shape), threads);

    const reports = readReports(job);
    const rowsAt = (address: number) => {
      const values = job.floats(address, rows * width).slice();
      for (const { rows: [first, end], failure } of reports) {
        if (failure !== null) values.fill(NaN, first * width, end * width);
      }
      return tf.tensor2d(values as Float32Array<ArrayBuffer>, [rows, width]);
    };
    const states = times.map((_, i) => rowsAt(job.get(at.jobTimeStates) + 4 * i * rows * width));
    const y1 = rowsAt(job.get(at.jobY1));
    return new Solved(pool, threads, problem, job, reports, y1, states);
  } catch (error) {
    job.dispose();
    throw error;
  }
}

function requireProblem({ y0, field, tableau, control, ...problem }: MlpProblem): void {
  const { controlGroup, maxSteps } = problem;
  requireCountable(control, maxSteps);
  const [rows, width] = y0.shape;
  const wanted = field.dims + (field.trace === null ? 0 : 1);
  if (rows < 1 || width !== wanted) {
    throw new RangeError(
      `solve: expected at least one row of ${wanted} numbers, got shape [${rows}, ${width}]`,
    );
  }
  if (controlGroup !== "batch" && !(Number.isInteger(controlGroup) && controlGroup > 0)) {
    throw new RangeError(
      `control group: expected a positive whole number or "batch", got ${controlGroup}`,
    );
  }
  if (control.kind === "adaptive" && tableau.bError === null) {
    throw new RangeError(`${tableau.name} has no error estimate: it takes fixed steps only`);
  }
}

/** @param bytes Of the array in the job. */
function requireLength(what: string, values: Float32Array, bytes: number): void {
  if (4 * values.length !== bytes) {
    throw new RangeError(`solve: expected ${bytes / 4} ${what}, got ${values.length}`);
  }
}

function failureOf(kind: number, t: number, h: number): SolveFailure | null {
  switch (kind) {
    case at.stepSizeUnderflow:
      return { kind: "stepSizeUnderflow", t, h };
    case at.nonFinite:
      return { kind: "nonFinite", t, h };
    case at.maxStepsReached:
      return { kind: "maxStepsReached", t, h };
    default:
      return null;
  }
}

function readReports(job: Job): SolveReport[] {
  const { rows, groupRows } = job.shape;
  return Array.from({ length: layout.groupsOf(job.shape) }, (_, group) => {
    const address = job.get(at.jobReports) + group * at.reportBytes;
    const [nfe, accepted, rejected, kind] = job.words(address, 4);
    const [t, h] = job.doubles(address + 16, 2);
    const first = group * groupRows;
    return {
      nfe: nfe!,
      accepted: accepted!,
      rejected: rejected!,
      rows: [first, Math.min(first + groupRows, rows)],
      failure: failureOf(kind!, t!, h!),
    };
  });
}

async function pullBack(
  solved: Solved,
  cotangent: tf.Tensor2D,
  method: GradientMethod,
): Promise<Gradient> {
  const { problem, reports } = solved;
  if (reports.some((report) => report.failure !== null)) {
    const settings = { control: problem.control, maxSteps: problem.maxSteps };
    throw new FailureError(describeFailures(reports, { settings, firstRow: 0 }));
  }
  switch (method.kind) {
    case "direct":
      return await pullBackDirect(solved, await cotangent.data<"float32">());
    case "adjoint":
      return await pullBackAdjoint(solved, cotangent, method);
    default:
      return method satisfies never;
  }
}

async function pullBackDirect(solved: Solved, cotangent: Float32Array): Promise<Gradient> {
  const { pool, threads, problem, job, reports } = solved;
  if (problem.keep.kind !== "records") {
    throw new TypeError('direct gradient: solve with keep: { kind: "records" }');
  }
  const { rows, width } = job.shape;
  const arrays = layout.pullBackArrays(job.shape);
  const parameters = layout.parameterCount(job.shape);
  const sums = layout.partialSums(job.shape, layout.tilesOfAllGroups(job.shape));
  const block = pool.allocate(layout.blockBytes(arrays));
  try {
    job.lay([
      [at.jobCotangent, arrays.cotangent],
      [at.jobOfY0, arrays.ofY0],
      [at.jobGradients, arrays.gradients],
    ], block);
    job.set(at.jobPartialSums, sums);
    job.floats(job.get(at.jobCotangent), rows * width).set(cotangent);
    await job.run("pullBackTiles", sums, threads);
    job.addPartialSums();
    const tableau = problem.tableau;
    const stages = tableau.c.length - (tableau.firstSameAsLast ? 1 : 0);
    const pulled = reports.reduce(
      (sum, report) => sum + report.accepted * stages * (report.rows[1] - report.rows[0]),
      0,
    );
    const copy = (address: number, count: number) =>
      job.floats(address, count).slice() as Float32Array<ArrayBuffer>;
    return {
      y0: tf.tensor2d(copy(job.get(at.jobOfY0), rows * width), [rows, width]),
      parameters: tf.tensor1d(copy(job.get(at.jobGradients), parameters)),
      nfe: pulled / rows,
    };
  } finally {
    pool.release(block);
  }
}

/**
 * The continuous adjoint from this solve's end, as adjoint.ts describes it: a job like the
 * solve's, over (y, cotangent of y), from t1 back to t0.
 */
async function pullBackAdjoint(
  { pool, threads, problem, job: forward, y1 }: Solved,
  cotangent: tf.Tensor2D,
  method: GradientMethod & { kind: "adjoint" },
): Promise<Gradient> {
  const { rows, width } = forward.shape;
  const shape = { ...forward.shape, width: 2 * width, times: 0 };
  const groups = layout.groupsOf(shape), parameters = layout.parameterCount(shape);
  const needed = layout.adjointBytesNeeded(shape);
  if (needed > layout.mostJobBytes) {
    throw new FailureError(
      `the adjoint gradient of this network takes ${needed} bytes, more than the ` +
        `${layout.mostJobBytes} that the CPU engine has: use --gradient direct, or a narrower network`,
    );
  }
  const { tableau, maxSteps } = problem;
  const control = problem.control.kind === "fixed"
    ? problem.control
    : { kind: "adaptive", rtol: method.rtol, atol: method.atol } as const;
  const [y, a] = await Promise.all([y1.data<"float32">(), cotangent.data<"float32">()]);
  const job = new Job(pool, shape);
  try {
    // The parameters, prepared, and the tableau are the forward solve's; the chunks stay its own.
    job.copy(forward);
    job.set(at.jobChunks, 0);
    job.set(at.jobAdjoint, 1);
    job.set(at.jobWidth, 2 * width);
    job.set(at.jobKeepsRecords, 0);
    job.set(at.jobTimeCount, 0);
    job.setDouble(at.jobT0, problem.t1);
    job.setDouble(at.jobT1, problem.t0);
    if (control.kind === "adaptive") {
      job.setDouble(at.jobRtol, control.rtol);
      job.setDouble(at.jobAtol, control.atol);
    }
    const arrays = layout.adjointArrays(shape), sums = layout.partialSums(shape, groups);
    job.set(at.jobPartialSums, sums);
    job.take([
      [at.jobY0, arrays.y0],
      [at.jobY1, arrays.y1],
      [at.jobReports, arrays.reports],
      [at.jobLastRecords, arrays.lastRecords],
      [at.jobGradients, arrays.gradients],
    ]);
    const start = job.floats(job.get(at.jobY0), 2 * rows * width);
    for (let row = 0; row < rows; row++) {
      const first = row * width, end = first + width;
      start.set(y.subarray(first, end), 2 * first);
      start.set(a.subarray(first, end), first + end);
    }
    await job.run("solveAdjointGroups", sums, threads);

    const reports = readReports(job);
    if (reports.some((report) => report.failure !== null)) {
      const settings = { control, maxSteps };
      throw new FailureError(`adjoint: ${describeFailures(reports, { settings, firstRow: 0 })}`);
    }
    job.addPartialSums();
    const solved = job.floats(job.get(at.jobY1), 2 * rows * width);
    const ofY0 = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const first = row * width, end = first + width;
      ofY0.set(solved.subarray(first + end, 2 * end), first);
    }
    const gradient = job.floats(job.get(at.jobGradients), parameters);
    const weighed = tableau.b.filter((weight) => weight !== 0).length;
    const quadratureRows = reports.reduce(
      (sum, { accepted, rows: [first, end] }) => sum + accepted * weighed * (end - first),
      0,
    );
    return {
      y0: tf.tensor2d(ofY0, [rows, width]),
      parameters: tf.tensor1d(gradient.slice() as Float32Array<ArrayBuffer>),
      nfe: reports.reduce((sum, { nfe }) => sum + nfe, 0) / groups + quadratureRows / rows,
    };
  } finally {
    job.dispose();
  }
}
