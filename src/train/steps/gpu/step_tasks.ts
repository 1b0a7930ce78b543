import { MOST_ITERATIONS, programExcess, sizeOf } from "../../../backends/gpu/mod.ts";
import type { DeviceLimits, ProgramSource } from "../../../backends/gpu/mod.ts";
import { guardedAdamProgram } from "../../../backends/gpu/adam.ts";
import { penalisesEnergies } from "../../../core/options/energy_weights.ts";
import { keyOf, subsequences } from "../../../core/random/subsequences.ts";
import { drawTrace } from "../../../flows/likelihood_problem.ts";
import { dopri5Error, predictedRows, STEP } from "../../../flows/losses/step_prediction.ts";
import { standardNormal } from "../../../flows/sources/standard_normal.ts";
import type { Support, TraceMethod } from "../../../ode/engines/engine.ts";
import { supports } from "../../../ode/engines/gpu/plan.ts";
import { notedReduction } from "../../../ode/engines/gpu/pull_back/record_pull_back.ts";
import type { SolveTask } from "../../../ode/engines/gpu/solved.ts";
import { largestGroup } from "../../../ode/solver/control_groups.ts";
import {
  gradientOf,
  regularizationOf,
  solveSettingsOf,
  traceOf,
} from "../../config/solve_settings.ts";
import type { TrainingPlan } from "../../training_plan.ts";
import { likelihoodIterations, likelihoodProgram } from "./likelihood_wgsl.ts";
import { penaltyIterations, penaltyProgram } from "./penalty_wgsl.ts";

/** The solves of the penalty `steps`: to where it looks, then a step that adds the error of one. */
export interface PenaltyTasks {
  /** Nats per predicted step. */
  readonly weight: number;
  readonly prefix: SolveTask;
  readonly error: SolveTask;
}

/** The solves of a training step. */
export interface StepTasks {
  readonly dims: number;
  readonly hidden: number;
  readonly rows: number;
  readonly trace: TraceMethod;
  /** From data to source. */
  readonly main: SolveTask;
  /** Null if nothing but the likelihood counts. */
  readonly penalty: PenaltyTasks | null;
}

/** The solves of a plan's steps, or why they are none that run unattended. */
function tasksOrReason(plan: TrainingPlan): StepTasks | string {
  const { config, network: { fused, kind }, values } = plan;
  if (config.model !== "cnf") return "it takes CNFs only";
  if (fused?.kind !== "mlp") return `it takes networks of kind mlp, not ${kind}`;
  if (gradientOf(config).kind !== "direct") return "it takes the direct gradient only";
  if ((values.source ?? standardNormal) !== standardNormal) {
    return "it takes the standard normal source only";
  }
  const regularization = regularizationOf(config) ?? { kinetic: 0, jacobian: 0 };
  if (penalisesEnergies(regularization)) return "it integrates no energies";
  const { dims, hidden } = fused, { batchSize: rows } = config;
  const trace = drawTrace(traceOf(config), {
    key: keyOf(subsequences.probes, config.seed, 0),
    firstRow: 0,
  });
  const settings = solveSettingsOf(config);
  const field = { ...fused, trace }, y0 = { shape: [rows, dims + 1] } as const;
  const main: SolveTask = { ...settings, field, y0, t0: 0, t1: 1, keep: { kind: "records" } };
  const { steps: weight = 0 } = regularization;
  const predicted = predictedRows(rows, settings);
  const penalty = {
    weight,
    prefix: {
      ...main,
      ...{ field: { ...fused, trace: null }, y0: { shape: [predicted, dims] } },
      keep: { kind: "end" },
    } satisfies SolveTask,
    error: {
      ...main,
      ...{ y0: { shape: [predicted, dims + 1] }, t1: STEP, tableau: dopri5Error },
      control: { kind: "fixed", steps: 1 },
    } satisfies SolveTask,
  };
  return { dims, hidden, rows, trace, main, penalty: weight === 0 ? null : penalty };
}

/**
 * The solves of a plan's steps.
 *
 * @throws {RangeError} If {@link supportsGpuSteps} says no.
 */
export function stepTasks(plan: TrainingPlan): StepTasks {
  const tasks = tasksOrReason(plan);
  if (typeof tasks === "string") throw new RangeError(`GPU steps: ${tasks}`);
  return tasks;
}

/** How rows are cut into control groups. */
function groupsOf({ y0: { shape: [rows] }, controlGroup }: SolveTask) {
  const groupRows = largestGroup(rows, controlGroup);
  return { rows, groupRows, groups: Math.ceil(rows / groupRows) };
}

/** Why one workgroup is too little for the sums over a batch; empty if it is not. */
function sumReasons({ dims, main, penalty }: StepTasks): string[] {
  const iterations = Math.max(
    likelihoodIterations({ dims, ...groupsOf(main) }),
    penalty === null ? 0 : penaltyIterations({ dims, ...groupsOf(penalty.error) }),
  );
  if (iterations <= MOST_ITERATIONS) return [];
  const [rows] = main.y0.shape;
  return [
    `it sums over a batch in loops of at most ${MOST_ITERATIONS} iterations, and ${rows} rows of ` +
    `${dims} dimensions take ${iterations}`,
  ];
}

/** Whether a plan's steps can run on a GPU without the host: by kinds and shapes alone, like an engine's. */
export function supportsGpuSteps(plan: TrainingPlan, limits: DeviceLimits): Support {
  const tasks = tasksOrReason(plan);
  if (typeof tasks === "string") return { kind: "no", reasons: [tasks] };
  const { dims, main, penalty } = tasks;
  const solves = [
    main,
    ...(penalty === null ? [] : [penalty.prefix, penalty.error]),
  ];
  const programs: ProgramSource[] = [
    likelihoodProgram(dims),
    notedReduction,
    guardedAdamProgram({ hasAverage: plan.config.ema !== 0 }),
    ...(penalty === null ? [] : [penaltyProgram(dims)]),
  ];
  const reasons = [
    ...solves.flatMap((task) => {
      const support = supports(task, limits);
      return support.kind === "no" ? support.reasons : [];
    }),
    ...sumReasons(tasks),
    ...programs.flatMap((program) => programExcess(sizeOf(program), limits)),
  ];
  return reasons.length === 0 ? { kind: "yes" } : { kind: "no", reasons: [...new Set(reasons)] };
}
