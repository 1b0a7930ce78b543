import * as tf from "../../core/tfjs/library.ts";
import { loadTensors } from "../../core/tfjs/on_demand.ts";
import { FailureError } from "../../core/errors.ts";
import { requireKnown } from "../../core/options/known_names.ts";
import { quotedJson } from "../../core/quoted.ts";
import type { Tensor, Tensor2D } from "../../core/tensors.ts";
import type { SolveReport } from "../engines/engine.ts";
import type { AcceptedStep } from "../solver/accepted_step.ts";
import { describeFailure } from "../solver/failure_message.ts";
import type { StepRecord } from "../solver/rows_problem.ts";
import { solveRows } from "../solver/solve.ts";
import type { Tableau } from "../tableau.ts";
import { dopri5 } from "../tableaus/dopri5.ts";
import { EventFinder, type EventInRows, requireEvents } from "./events.ts";
import {
  ELSEWHERE,
  largestStep,
  laterControl,
  MAX_STEPS,
  type OdeintAdaptiveControl,
  type OdeintFixedControl,
  requireOdeint,
  stepControl,
} from "./options.ts";
import { hasSynchronousReads, hostStorage, type RowStorage, tensorStorage } from "./row_storage.ts";
import {
  type TensorDynamics,
  tensorDynamicsField,
  type TensorRecord,
  unflattened,
} from "./tensor_dynamics.ts";
import { readEventValue, type TensorEvent } from "./tensor_events.ts";
import { type SolvedTensors, tensorGradients } from "./tensor_gradients.ts";
import type { TensorSolution } from "./tensor_solution.ts";

/** How {@link odeintTensors} solves. */
export interface OdeintTensorsOptions<T extends Tensor, P extends TensorRecord> {
  /** Tensors or variables to differentiate with respect to. Default: none. */
  readonly parameters?: P;
  /**
   * `direct` keeps the steps and differentiates them exactly, as backpropagation through the solver
   * does; `adjoint` solves the continuous adjoint backwards with the solve's tolerances, in constant
   * memory. Default: `direct`.
   */
  readonly gradient?: "direct" | "adjoint";
  /** The Runge-Kutta method. Default: dopri5. */
  readonly tableau?: Tableau;
  /** How it chooses its steps. Default: adaptive with rtol 1e-7 and atol 1e-9. */
  readonly control?: OdeintFixedControl | Omit<OdeintAdaptiveControl, "stopTimes">;
  /** Accepted and rejected steps before the solve gives up. Default: 100,000. */
  readonly maxSteps?: number;
  /** Event functions. Default: none. */
  readonly events?: readonly TensorEvent<T, P>[];
}

const OPTION_NAMES = [
  "parameters",
  "gradient",
  "tableau",
  "control",
  "maxSteps",
  "events",
] as const;

/**
 * Solves dy/dt = f(t, y) over tfjs tensors, with gradients with respect to y0 and parameters.
 *
 * The whole state shares one step size, as in torchdiffeq. Works on any tfjs backend. On CPU backends
 * the state is kept in float64 and only f computes in float32. Events work as in `odeint`; float32
 * event functions limit the precision of event times.
 *
 * @param f Returns dy/dt, of y's shape, by differentiable operations; t is a number.
 * @param y0 float32, of any shape; remains owned by the caller.
 * @param times At least two, strictly increasing or strictly decreasing.
 * @throws {RangeError} If an argument is invalid.
 * @throws {FailureError} If the solve fails, with t, the step size and what to try; or if an event
 *   function returns NaN.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { odeintTensors } from "./odeint_tensors.ts";
 *
 * await tf.setBackend("cpu");
 * const y0 = tf.tensor1d([1]), rate = tf.scalar(2);
 * const solution = await odeintTensors((_t, y, { rate }) => tf.mul(y, tf.neg(rate)), y0, [0, 1], {
 *   parameters: { rate },
 * });
 * // y(1) = exp(-rate), so its derivative with respect to rate is -exp(-rate).
 * const { parameters } = await solution.gradients(({ y }) => tf.sum(y));
 * console.assert(Math.abs(parameters.rate.dataSync()[0]! + Math.exp(-2)) < 1e-6);
 * solution.dispose();
 * ```
 */
export async function odeintTensors<
  T extends Tensor,
  P extends TensorRecord = Record<string, never>,
>(
  f: (t: number, y: T, parameters: P) => Tensor,
  y0: T,
  times: ArrayLike<number>,
  options: OdeintTensorsOptions<T, P> = {},
): Promise<TensorSolution<T, P>> {
  await loadTensors();
  if (!(y0 instanceof tf.Tensor)) {
    throw new RangeError(`odeintTensors: y0 must be a tensor, got ${typeof y0}`);
  }
  requireKnown("odeintTensors", options, OPTION_NAMES, ELSEWHERE);
  const { gradient = "direct" } = options;
  if (gradient !== "direct" && gradient !== "adjoint") {
    throw new RangeError(
      `odeintTensors: gradient must be "direct" or "adjoint", got ${quotedJson(gradient)}`,
    );
  }
  const { stopTimes } = { stopTimes: undefined, ...options.control };
  if (stopTimes !== undefined) {
    throw new RangeError("odeintTensors: has no stopTimes; solve up to each and go on from there");
  }
  // Without `parameters`, P is a record without keys.
  const { parameters = {} as P } = options;
  for (const [name, value] of Object.entries(parameters)) {
    if (value instanceof tf.Tensor) continue;
    throw new RangeError(
      `odeintTensors: parameters.${name} must be a tensor or a variable, got ${typeof value}`,
    );
  }
  const dynamics = { f, shape: y0.shape, parameters };
  const problem = { dynamics, y0, times: Array.from(times), options };
  return await (hasSynchronousReads()
    ? solveTensors(hostStorage, problem)
    : solveTensors(tensorStorage, problem));
}

async function solveTensors<Rows, T extends Tensor, P extends TensorRecord>(
  storage: RowStorage<Rows>,
  problem: {
    readonly dynamics: TensorDynamics<T, P>;
    readonly y0: T;
    readonly times: readonly number[];
    readonly options: OdeintTensorsOptions<T, P>;
  },
): Promise<TensorSolution<T, P>> {
  const { dynamics, y0, times, options } = problem;
  const { tableau = dopri5, maxSteps = MAX_STEPS, events: rules = [] } = options;
  const { control = { kind: "adaptive" }, gradient = "direct" } = options;
  requireOdeint("odeintTensors", times, { tableau, control, maxSteps });
  requireEvents("odeintTensors", rules);
  const { space } = storage;
  const field = storage.field(tensorDynamicsField(dynamics));
  const steps: StepRecord<Rows>[] = [];
  const events: EventInRows<Rows>[] = [];
  const held: Rows[] = [];
  const release = () => {
    for (const step of steps) held.push(step.y, ...step.slopes);
    for (const rows of [...held, ...events.map(({ y }) => y)]) space.release(rows);
  };
  const t0 = times[0]!;
  const ending = { t: times.at(-1)!, isEvent: false };
  const finder = new EventFinder<Rows>({
    caller: "odeintTensors",
    space,
    tableau,
    rules,
    value: (index, t, y) => readEventValue(dynamics, rules[index]!, { t, y: storage.toTensor(y) }),
  });
  const watch = async (step: AcceptedStep<Rows>): Promise<boolean> => {
    const found = await finder.find(step);
    events.push(...found.events);
    if (found.isOver) Object.assign(ending, { t: step.t1, isEvent: true });
    return !found.isOver;
  };
  try {
    const row: Tensor2D = tf.reshape(y0, [1, y0.size]);
    const start = await storage.fromTensor(row);
    row.dispose();
    held.push(start);
    await finder.begin(t0, start);
    const { y1, states, reports: [report] } = await solveRows({
      space,
      field,
      y0: start,
      t0,
      t1: times.at(-1)!,
      tableau,
      control: stepControl(control),
      controlGroup: "batch",
      maxSteps,
      times: times.slice(1),
      ...largestStep(control),
      onStep: gradient === "direct" ? (step) => steps.push(step) : null,
      ...(rules.length > 0 && { watch }),
    });
    held.push(y1, ...states);
    if (report!.failure !== null) {
      const settings = { control: stepControl(control), maxSteps, maxStepsOption: "maxSteps" };
      throw new FailureError(
        `odeintTensors: the solve stopped ${describeFailure(report!, settings)}`,
      );
    }
    const last = ending.isEvent ? events.at(-1)!.t : ending.t;
    const isReached = (t: number) => (last - t) * Math.sign(last - t0) >= 0;
    const solved: SolvedTensors<Rows, T, P> = {
      storage,
      dynamics,
      field,
      tableau,
      control: laterControl(control),
      ...largestStep(control),
      maxSteps,
      rules,
      t0,
      span: times.at(-1)! - t0,
      states: [start, ...states].flatMap((y, i) =>
        isReached(times[i]!) ? [{ t: times[i]!, y }] : []
      ),
      events,
      endsInEvent: ending.isEvent,
      records: gradient === "direct" ? { steps, end: { t: ending.t, y: y1 } } : null,
    };
    return solutionOf(solved, { ...report!, rows: [0, 1] }, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Makes the solution's tensors. */
function solutionOf<Rows, T extends Tensor, P extends TensorRecord>(
  solved: SolvedTensors<Rows, T, P>,
  report: SolveReport,
  release: () => void,
): TensorSolution<T, P> {
  const { storage, dynamics: { shape }, states, events, endsInEvent } = solved;
  const tensorOf = (rows: Rows): T => tf.tidy(() => unflattened<T>(storage.toTensor(rows), shape));
  const found = events.map(({ index, t, y }) => ({
    index,
    t,
    tTensor: tf.scalar(t),
    y: tensorOf(y),
  }));
  const end = endsInEvent ? events.at(-1)! : states.at(-1)!;
  const solution: TensorSolution<T, P> = {
    t: end.t,
    y: tensorOf(end.y),
    states: tf.tidy(() => tf.stack(states.map(({ y }) => tensorOf(y)))),
    events: found,
    report,
    gradients: (loss) => tensorGradients(solved, solution, loss),
    dispose() {
      tf.dispose([solution.y, solution.states, ...found.flatMap(({ tTensor, y }) => [tTensor, y])]);
      release();
    },
  };
  return solution;
}
