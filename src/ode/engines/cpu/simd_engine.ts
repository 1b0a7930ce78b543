import { fromBase64 } from "../../../core/base64.ts";
import { usableThreads } from "../../../threads/usable_threads.ts";
import { Pool } from "../../../threads/pool.ts";
import { type SimdChoice, simdModule } from "../../../threads/simd_module.ts";
import type { Engine } from "../engine.ts";
import { portableEngine } from "../portable/portable_engine.ts";
import { threadFunctions } from "./job.ts";
import { jobFits } from "./job_sizes.ts";
import { requireProblem, shapeOf } from "./mlp_problem.ts";
import { pullBackJob } from "./pull_back_job.ts";
import { PlaneTileChoice } from "./simd_tile_choice.ts";
import { Solved, solveJob } from "./solve_job.ts";
import plain from "./kernel/simd_engine.plain.wasm.b64" with { type: "text" };
import relaxed from "./kernel/simd_engine.relaxed.wasm.b64" with { type: "text" };

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
      if (!jobFits(shape, problem.keep.kind === "records")) {
        return await portable.solve(problem);
      }
      const shared = sharedOf(build);
      const isWide = tiles === undefined ? shared.tiles.isWide : tiles === "wide";
      const machine = { pool: shared.pool, threads, isWide, activationBytes };
      return solveJob(machine, { ...problem, field });
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
