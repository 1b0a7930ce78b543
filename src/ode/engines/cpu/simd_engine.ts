import { usableThreads } from "../../../threads/usable_threads.ts";
import type { Engine } from "../engine.ts";
import { portableEngine } from "../portable/portable_engine.ts";
import type { SimdChoice } from "../../../threads/simd_module.ts";
import { engineModule } from "./engine_module.ts";
import { jobFits } from "./job_sizes.ts";
import { requireProblem, shapeOf } from "./mlp_problem.ts";
import { pullBackJob } from "./pull_back_job.ts";
import { Solved, solveJob } from "./solve_job.ts";

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
      if (!jobFits(shape, problem.keep.kind === "records")) {
        return await portable.solve(problem);
      }
      const module = await engineModule(build);
      const wide = tiles === undefined ? module.tiles.wide : tiles === "wide" ? 1 : 0;
      return solveJob({ module, threads, wide, activationBytes }, { ...problem, field });
    },
    pullBack(solution, cotangent, method) {
      if (!(solution instanceof Solved)) return portable.pullBack(solution, cotangent, method);
      return pullBackJob(solution, cotangent, method);
    },
    report(solution) {
      return solution instanceof Solved
        ? Promise.resolve(solution.reports)
        : portable.report(solution);
    },
  };
}
