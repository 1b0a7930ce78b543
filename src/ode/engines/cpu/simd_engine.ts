import { ready } from "../../../core/late.ts";
import { usableThreads } from "../../../threads/usable_threads.ts";
import type { Engine, Solution, SolveProblem } from "../engine.ts";
import type { SimdChoice } from "../../../threads/simd_module.ts";
import { engineModule } from "./engine_module.ts";
import { type MlpProblem, requireProblem, supports } from "./mlp_problem.ts";
import { pullBackJob } from "./pull_back_job.ts";
import { Solved, solveJob } from "./solve_job.ts";

/** How a {@link simdEngine} computes. */
export interface SimdEngineOptions {
  /** Most threads. Default: as many as there are cores. */
  readonly threads?: number;
  /** `fastest` when left out. */
  readonly build?: SimdChoice;
  /** How products are cut. Default: as is faster here. The bits are the same. */
  readonly tiles?: "narrow" | "wide";
  /**
   * Memory for the activations of recorded steps, in bytes. Default: 512 MiB. What does not
   * fit is computed again in the pull-back: no result depends on it.
   */
  readonly activationBytes?: number;
}

const ACTIVATION_BYTES = 512 * 2 ** 20;

/**
 * The engine on the CPU's vectors and cores. Whole solves of ConditionalMLPs, and their
 * pull-backs by either gradient, run in WebAssembly, a control group at a time, on Fluxion's own
 * shared memory. It supports no other field.
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
  return {
    name: `SIMD in WebAssembly, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    threads,
    supports,
    async solve(problem) {
      const { field } = problem;
      if (field.kind === "mlp") requireProblem({ ...problem, field });
      requireSupport(problem);
      const module = await engineModule(build);
      const wide = tiles === undefined ? module.tiles.wide : tiles === "wide" ? 1 : 0;
      return await solveJob({ module, threads, wide, activationBytes }, problem);
    },
    pullBack: (solution, cotangent, method) => pullBackJob(solvedHere(solution), cotangent, method),
    report: (solution) => ready(solvedHere(solution).reports),
  };
}

function requireSupport(problem: SolveProblem): asserts problem is MlpProblem {
  const support = supports(problem);
  if (support.kind === "no") throw new RangeError(`the CPU engine: ${support.reasons.join(", ")}`);
}

function solvedHere(solution: Solution): Solved {
  if (solution instanceof Solved) return solution;
  throw new TypeError("the CPU engine: the solution belongs to another engine");
}
