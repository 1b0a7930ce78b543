import { ready } from "../../../core/late.ts";
import { requireSolved } from "../../solver/failure_message.ts";
import type { AffineCotangent, SolvedGradient } from "../engine.ts";
import { dealSums } from "./dealt_sums.ts";
import { parameterCount, pullBackArrays, threadsThatFit, tilesOf } from "./job_sizes.ts";
import type { MlpProblem } from "../valid_problem.ts";
import { shapeOf } from "./mlp_problem.ts";
import { directGradientRows } from "./pull_back_job.ts";
import { beginJob, type Machine, solvedRows } from "./solve_job.ts";

/** Whether {@link gradientJob} takes a problem that fits into memory: by shapes alone. */
export function takesGradient(problem: MlpProblem): boolean {
  return tilesOf(shapeOf(problem)) === 1;
}

/**
 * A solve with its direct gradient: each thread solves the groups of a partial sum or two and pulls them
 * back before it takes the next, so that few records live at a time and are still in the caches. The bits
 * are those of a solve and a pull-back.
 *
 * @param problem Keeps records.
 * @throws {FailureError} If a group fails.
 */
export async function gradientJob(
  machine: Machine,
  problem: MlpProblem,
  { slope, constant }: AffineCotangent,
): Promise<SolvedGradient> {
  const { control, maxSteps } = problem;
  const { width } = shapeOf(problem);
  if (slope.length !== width || constant.length !== width) {
    throw new RangeError(
      `cotangent: expected slopes and constants of ${width} columns, got ${slope.length} and ` +
        `${constant.length}`,
    );
  }
  const job = await beginJob(machine, problem);
  try {
    const { shape } = job;
    const threads = threadsThatFit(shape, "pullBack", machine.threads);
    const { sums, paired, items, lanes } = dealSums(shape, threads);
    job.take({ ...pullBackArrays(shape), cotangentRule: 8 * width });
    job.set({ partialSums: sums, pairedSums: paired });
    const rule = job.floats(job.get("cotangentRule"), 2 * width);
    rule.set(slope);
    rule.set(constant, width);
    await job.run("solveAndPullBack", items, threads, lanes);
    const reports = job.reports();
    requireSolved(reports, { control, maxSteps, maxStepsOption: "maxSteps" });
    job.addPartialSums();
    const gradients = job.floats(job.get("gradients"), parameterCount(shape));
    return {
      y1: solvedRows(job, job.get("y1"), reports),
      reports,
      parameters: gradients.slice() as Float32Array<ArrayBuffer>,
      nfe: ready(directGradientRows(problem, reports) / shape.rows),
      recordBytes: job.recordBytes(),
    };
  } finally {
    job.dispose();
  }
}
