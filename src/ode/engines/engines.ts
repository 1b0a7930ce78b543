import type { Engine, Solution, SolutionNumbers, SolveProblem } from "./engine.ts";

/** The engines of a device. */
export interface Engines {
  /** In order of preference. */
  readonly inOrder: readonly Engine[];
  /** Largest number of CPU threads of the first engine. */
  readonly threads: number;
  /**
   * The first engine that supports a problem.
   *
   * @throws {RangeError} If none does, with the reasons of each.
   */
  firstThatSupports(problem: SolveProblem): Engine;
}

/** Engines in order of preference; at least one. */
export function enginesInOrder(first: Engine, ...others: readonly Engine[]): Engines {
  const inOrder = [first, ...others];
  return {
    inOrder,
    threads: first.threads,
    firstThatSupports(problem) {
      const refusals: string[] = [];
      for (const engine of inOrder) {
        const support = engine.supports(problem);
        if (support.kind === "yes") return engine;
        refusals.push(`${engine.name}: ${support.reasons.join(", ")}`);
      }
      throw new RangeError(`solve: no engine supports this problem; ${refusals.join("; ")}`);
    },
  };
}

/**
 * The same engines. `onRefused` is called once, with the reasons, when the first does not take a problem over a
 * fused field: such a field has engines of its own, of which the last resort is the slowest.
 */
export function noticingRefusal(
  engines: Engines,
  onRefused: (reasons: readonly string[]) => void,
): Engines {
  let isNoticed = false;
  return {
    ...engines,
    firstThatSupports(problem) {
      if (!isNoticed && problem.field.kind === "mlp") {
        const support = engines.inOrder[0]!.supports(problem);
        isNoticed = support.kind === "no";
        if (support.kind === "no") onRefused(support.reasons);
      }
      return engines.firstThatSupports(problem);
    },
  };
}

/**
 * Solves with the first engine that supports the problem.
 *
 * @returns The solution, which the caller disposes, and its engine, for the pull-back and the report.
 * @throws {RangeError} If no engine supports the problem.
 */
export async function solveOn(
  engines: Engines,
  problem: SolveProblem,
): Promise<{ readonly engine: Engine; readonly solution: Solution }> {
  const engine = engines.firstThatSupports(problem);
  return { engine, solution: await engine.solve(problem) };
}

/** The states of a solution as numbers. */
export async function readSolution(solution: Solution): Promise<SolutionNumbers> {
  if (solution.numbers !== undefined) return solution.numbers;
  const [y1, ...states] = await Promise.all(
    [solution.y1, ...solution.states].map((state) => state.data<"float32">()),
  );
  return { y1: y1!, states };
}
