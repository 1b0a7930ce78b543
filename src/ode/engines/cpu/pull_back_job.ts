import { FailureError } from "../../../core/errors.ts";
import { ready } from "../../../core/late.ts";
import { describeFailures, requireSolved } from "../../solver/failure_message.ts";
import { adjointControl } from "../../solver/step_control.ts";
import type { GradientMethod, GradientNumbers, SolveProblem, SolveReport } from "../engine.ts";
import { adaptiveFields } from "./control_fields.ts";
import { Job } from "./job.ts";
import {
  adjointArrays,
  adjointBytesNeeded,
  blockBytes,
  groupsOf,
  mostJobBytes,
  parameterCount,
  partialSums,
  pullBackArrays,
  tilesOfAllGroups,
} from "./job_sizes.ts";
import type { Solved } from "./solve_job.ts";
import { option } from "../../../core/options/spelling.ts";

/**
 * VJP of a solve, given the cotangent of y1, [n * w].
 *
 * @throws {FailureError} If a group failed, or the adjoint does not fit into memory.
 */
export async function pullBackJob(
  solved: Solved,
  cotangent: Float32Array,
  method: GradientMethod,
): Promise<GradientNumbers> {
  const { problem, reports } = solved;
  const { control, maxSteps } = problem;
  const { rows, width } = solved.job.shape;
  if (cotangent.length !== rows * width) {
    throw new RangeError(`cotangent: expected ${rows * width} numbers, got ${cotangent.length}`);
  }
  requireSolved(reports, { control, maxSteps, maxStepsOption: "maxSteps" });
  switch (method.kind) {
    case "direct":
      return await pullBackDirect(solved, cotangent);
    case "adjoint":
      return await pullBackAdjoint(solved, cotangent, method);
    default:
      return method satisfies never;
  }
}

async function pullBackDirect(
  solved: Solved,
  cotangent: Float32Array,
): Promise<GradientNumbers> {
  const { module: { memory }, threads, problem, job, reports } = solved;
  if (problem.keep.kind !== "records") {
    throw new TypeError('direct gradient: solve with keep: { kind: "records" }');
  }
  const { rows, width } = job.shape;
  const arrays = pullBackArrays(job.shape);
  const parameters = parameterCount(job.shape);
  const sums = partialSums(job.shape, tilesOfAllGroups(job.shape));
  const block = memory.allocate(blockBytes(arrays));
  try {
    job.lay(arrays, block);
    job.set({ partialSums: sums });
    job.floats(job.get("cotangent"), rows * width).set(cotangent);
    await job.run("pullBackTiles", sums, threads);
    job.addPartialSums();
    const copy = (address: number, count: number) =>
      job.floats(address, count).slice() as Float32Array<ArrayBuffer>;
    return {
      y0: copy(job.get("ofY0"), rows * width),
      parameters: copy(job.get("gradients"), parameters),
      nfe: ready(directGradientRows(problem, reports) / rows),
    };
  } finally {
    memory.release(block);
  }
}

/** Evaluations with VJPs that a direct gradient takes, times their rows. */
export function directGradientRows(
  { tableau }: Pick<SolveProblem, "tableau">,
  reports: readonly SolveReport[],
): number {
  const stages = tableau.c.length - (tableau.firstSameAsLast ? 1 : 0);
  return reports.reduce(
    (sum, { accepted, rows: [first, end] }) => sum + accepted * stages * (end - first),
    0,
  );
}

/**
 * The continuous adjoint (see solver/adjoint.ts): a job like that of the forward solve, over
 * (y, cotangent of y), from t1 back to t0.
 */
async function pullBackAdjoint(
  { module, threads, problem, job: forward, numbers: { y1: y } }: Solved,
  cotangent: Float32Array,
  method: GradientMethod & { kind: "adjoint" },
): Promise<GradientNumbers> {
  const { rows, width } = forward.shape;
  const shape = { ...forward.shape, width: 2 * width, times: 0 };
  const groups = groupsOf(shape), parameters = parameterCount(shape);
  const needed = adjointBytesNeeded(shape);
  if (needed > mostJobBytes) {
    throw new FailureError(
      `the adjoint gradient of this network takes ${needed} bytes, more than the ` +
        `${mostJobBytes} that the CPU engine has: use ${
          option("gradient", "direct")
        }, or a narrower ` +
        "network",
    );
  }
  const { tableau, maxSteps } = problem;
  const control = problem.control.kind === "fixed"
    ? problem.control
    : adjointControl(problem.control, method);
  const job = new Job(module, shape);
  try {
    // Parameters and tableau are shared with the forward solve; chunks are not.
    job.copy(forward);
    const arrays = adjointArrays(shape), sums = partialSums(shape, groups);
    job.set({
      chunks: 0,
      adjoint: 1,
      width: 2 * width,
      keepsRecords: 0,
      timeCount: 0,
      partialSums: sums,
      t0: problem.t1,
      t1: problem.t0,
      ...(control.kind === "adaptive" ? adaptiveFields(control, tableau.errorOrder) : {}),
    });
    job.take(arrays);
    const start = job.floats(job.get("y0"), 2 * rows * width);
    for (let row = 0; row < rows; row++) {
      const first = row * width, end = first + width;
      start.set(y.subarray(first, end), 2 * first);
      start.set(cotangent.subarray(first, end), first + end);
    }
    await job.run("solveAdjointGroups", sums, threads);

    const reports = job.reports();
    if (reports.some((report) => report.failure !== null)) {
      const settings = { control, maxSteps };
      throw new FailureError(`adjoint: ${describeFailures(reports, { settings, firstRow: 0 })}`);
    }
    job.addPartialSums();
    const solved = job.floats(job.get("y1"), 2 * rows * width);
    const ofY0 = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const first = row * width, end = first + width;
      ofY0.set(solved.subarray(first + end, 2 * end), first);
    }
    const gradient = job.floats(job.get("gradients"), parameters);
    const weighed = tableau.b.filter((weight) => weight !== 0).length;
    const quadratureRows = reports.reduce(
      (sum, { accepted, rows: [first, end] }) => sum + accepted * weighed * (end - first),
      0,
    );
    return {
      y0: ofY0,
      parameters: gradient.slice() as Float32Array<ArrayBuffer>,
      nfe: ready(
        reports.reduce((sum, { nfe }) => sum + nfe, 0) / groups + quadratureRows / rows,
      ),
    };
  } finally {
    job.dispose();
  }
}
