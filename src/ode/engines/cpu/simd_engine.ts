import * as tf from "../../../core/tfjs/library.ts";
import { ready } from "../../../core/late.ts";
import { usableThreads } from "../../../threads/usable_threads.ts";
import type { Engine, Solution, SolveProblem } from "../engine.ts";
import type { SimdChoice } from "../../../threads/simd_module.ts";
import { engineModule } from "./engine_module.ts";
import { gradientJob, takesGradient } from "./gradient_job.ts";
import { type MlpProblem, requireProblem } from "../valid_problem.ts";
import { supports } from "./mlp_problem.ts";
import { pullBackJob } from "./pull_back_job.ts";
import { Solved, solveJob } from "./solve_job.ts";

/** Options of {@link simdEngine}. */
export interface SimdEngineOptions {
  /** Largest number of threads. Default: the number of cores. */
  readonly threads?: number;
  /** Default: `fastest`. */
  readonly build?: SimdChoice;
  /** Register tiles of matrix products. Default: the faster kind on this machine. The bits are the same. */
  readonly tiles?: "narrow" | "wide";
  /**
   * Memory for the activations of recorded steps, in bytes. Default: 1 GiB. Activations that do not
   * fit are recomputed in the pull-back; no result depends on it.
   */
  readonly activationBytes?: number;
}

const ACTIVATION_BYTES = 2 ** 30;

/**
 * The CPU engine, in multithreaded WebAssembly SIMD. Whole solves of ConditionalMLPs, and their
 * pull-backs by either gradient method, run one control group at a time in the engine's own shared
 * memory. It supports no other field.
 *
 * The result of a row depends neither on the number of threads nor on other groups; the parameter
 * cotangent has the same bits for any number of threads.
 */
export function simdEngine(options: SimdEngineOptions = {}): Engine {
  const {
    build = "fastest",
    tiles,
    activationBytes = ACTIVATION_BYTES,
  } = options;
  const threads = usableThreads(options.threads);
  const machine = async () => {
    const module = await engineModule(build);
    const wide = tiles === undefined ? module.tiles.wide : tiles === "wide" ? 1 : 0;
    return { module, threads, wide, activationBytes } as const;
  };
  return {
    name: `SIMD in WebAssembly, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    threads,
    supports,
    async solve(problem) {
      requireSupported(problem);
      return await solveJob(await machine(), problem);
    },
    async solveWithGradient(given, cotangent) {
      const problem: SolveProblem = { ...given, keep: { kind: "records" } };
      requireSupported(problem);
      return takesGradient(problem) ? await gradientJob(await machine(), problem, cotangent) : null;
    },
    async pullBack(solution, cotangent, method) {
      const solved = solvedHere(solution);
      const { rows, width } = solved.job.shape;
      const numbers = await pullBackJob(solved, await cotangent.data<"float32">(), method);
      return {
        ...numbers,
        y0: tf.tensor2d(numbers.y0, [rows, width]),
        parameters: tf.tensor1d(numbers.parameters),
      };
    },
    pullBackNumbers: (solution, cotangent, method) =>
      pullBackJob(solvedHere(solution), cotangent, method),
    report: (solution) => ready(solvedHere(solution).reports),
    recordBytes: (solution) => solvedHere(solution).job.recordBytes(),
  };
}

function requireSupported(problem: SolveProblem): asserts problem is MlpProblem {
  const { field } = problem;
  if (field.kind === "mlp") requireProblem({ ...problem, field });
  const support = supports(problem);
  if (support.kind === "no") throw new RangeError(`the CPU engine: ${support.reasons.join(", ")}`);
}

function solvedHere(solution: Solution): Solved {
  if (solution instanceof Solved) return solution;
  throw new TypeError("the CPU engine: the solution belongs to another engine");
}
