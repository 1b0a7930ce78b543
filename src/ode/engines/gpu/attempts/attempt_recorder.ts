import type {
  Gpu,
  LoggedCommands,
  Operand,
  PooledBuffer,
  ProgramSource,
} from "../../../../backends/gpu/mod.ts";
import type { Tensor1D, Tensor2D } from "../../../../core/tensors.ts";
import { largestGroup } from "../../../solver/control_groups.ts";
import { MOST_STEPS } from "../../../solver/step_control.ts";
import type { DeviceTimesVelocity, SolveProblem } from "../../engine.ts";
import { CONTROL_BYTES } from "../control.ts";
import { Held } from "../held.ts";
import { jobNumbers } from "../job.ts";
import {
  commitProgram,
  controlEvents,
  controlProgram,
  ELEMENTS,
  inputKinds,
  inputProgram,
  NUMBERS_PER_PART,
  placeNumbers,
  squaredKinds,
  squaresProgram,
} from "./attempt_wgsl.ts";

/** A problem over a field that takes its times from the device. */
export type DeviceTimesProblem = SolveProblem & { readonly field: { readonly kind: "tensors" } };

/** Sizes of the buffers of a solve. */
export interface AttemptSizes {
  readonly rows: number;
  readonly width: number;
  /** Rows per control group, and groups. */
  readonly groupRows: number;
  readonly groups: number;
  /** Partial sums per group. */
  readonly parts: number;
  /** Slopes for which there is room: the trial of a first step takes two. */
  readonly slots: number;
}

/** Sizes of a problem's solve. */
export function attemptSizes(
  { y0, controlGroup, tableau }: Pick<SolveProblem, "y0" | "controlGroup" | "tableau">,
): AttemptSizes {
  const [rows, width] = y0.shape;
  const groupRows = largestGroup(rows, controlGroup);
  return {
    rows,
    width,
    groupRows,
    groups: Math.ceil(rows / groupRows),
    parts: Math.ceil(groupRows * width / NUMBERS_PER_PART),
    slots: Math.max(2, tableau.c.length),
  };
}

/** Bytes of the largest buffer of a solve. */
export function largestBytes({ rows, width, groups, parts, slots }: AttemptSizes): number {
  return Math.max(4 * slots * rows * width, 2 * 8 * groups * parts);
}

/**
 * Records the step attempts of a solve whose decisions the device makes: times, step sizes and what became of
 * the attempts are in `controls`, and the state changes where an attempt is accepted. Attempts after the end of a
 * group's solve change nothing of it. Call `dispose()` when done.
 */
export class AttemptRecorder {
  readonly sizes: AttemptSizes;
  /** States of the groups, control.ts. */
  readonly controls: PooledBuffer;
  /** [rows, width], the state; null once it was taken. */
  #y: Tensor2D | null;
  readonly #gpu: Gpu;
  readonly #problem: DeviceTimesProblem;
  readonly #velocity: DeviceTimesVelocity;
  readonly #held = new Held();
  readonly #job: PooledBuffer;
  readonly #partials: PooledBuffer;
  /** [slots * rows, width]. */
  readonly #slopes: Tensor2D;
  /** Input of the field, and its times. */
  readonly #x: Tensor2D;
  readonly #times: Tensor1D;
  readonly #places = new Map<number, PooledBuffer>();
  /** The commands of an attempt, which are the same for all. */
  #attempt: LoggedCommands | null = null;
  /** Whether the first slope of the next attempt is there, in every group. */
  #hasSlope = false;

  /** @throws {FailureError} If its buffers do not fit the device. */
  constructor(gpu: Gpu, problem: DeviceTimesProblem, velocity: DeviceTimesVelocity) {
    this.#gpu = gpu;
    this.#problem = problem;
    this.#velocity = velocity;
    const sizes = this.sizes = attemptSizes(problem);
    const { rows, width, groups, parts, slots } = sizes;
    const held = this.#held;
    try {
      const numbers = jobNumbers(problem, { ...sizes, cap: MOST_STEPS, recordSteps: 0 }, "first");
      this.#job = held.buffer(gpu.upload(numbers));
      this.controls = held.buffer(gpu.scratch(CONTROL_BYTES * groups));
      this.#partials = held.buffer(gpu.scratch(2 * 8 * groups * parts));
      this.#slopes = held.tensor(gpu.tensor<Tensor2D>([slots * rows, width]));
      this.#x = held.tensor(gpu.tensor<Tensor2D>([rows, width]));
      this.#times = held.tensor(gpu.tensor<Tensor1D>([rows]));
      this.#y = gpu.tensor<Tensor2D>([rows, width]);
      held.part({ dispose: () => this.#y?.dispose() });
      this.#copyStart(this.#y);
    } catch (error) {
      held.releaseAll();
      throw error;
    }
  }

  #copyStart(y: Tensor2D): void {
    const { y0 } = this.#problem, gpu = this.#gpu;
    if (!("values" in y0)) return gpu.copy(y0, 0, y);
    using start = gpu.upload(y0.values);
    gpu.copy(start, 0, y);
  }

  get #state(): Tensor2D {
    if (this.#y === null) throw new RangeError("step attempts: the state was taken");
    return this.#y;
  }

  /** The state, [rows, width], for which the caller is responsible from now on. No attempt can follow. */
  takeState(): Tensor2D {
    const y = this.#state;
    this.#y = null;
    return y;
  }

  /** Records the choice of the first step, which may take two evaluations. */
  start(): void {
    const { control } = this.#problem;
    this.#control("start");
    if (control.kind === "fixed" || (control.firstStep ?? null) !== null) return;
    this.#evaluate(0, 0);
    this.#squares("state");
    this.#squares("slope");
    this.#control("norms");
    this.#evaluate(inputKinds.trial, 1);
    this.#squares("change");
    this.#control("change");
    this.#hasSlope = true;
  }

  /** Records a step attempt. From the second on that begins alike the commands of the first are used again. */
  attempt(): void {
    if (this.#attempt !== null) return this.#attempt.record();
    const { firstSameAsLast } = this.#problem.tableau;
    if (this.#hasSlope !== firstSameAsLast) return this.#recordAttempt();
    this.#attempt = this.#gpu.logged(() => this.#recordAttempt());
  }

  #recordAttempt(): void {
    const { control, tableau: { c, firstSameAsLast } } = this.#problem;
    const first = this.#hasSlope ? 1 : 0;
    for (let stage = first; stage < c.length; stage++) this.#evaluate(stage, stage);
    // Else it is the input of the last stage.
    if (!firstSameAsLast) this.#input(inputKinds.solution);
    this.#squares(control.kind === "fixed" ? "result" : "error");
    this.#control("attempt");
    const operands = [this.controls, this.#x, this.#state, this.#slopes];
    this.#record(commitProgram, 0, { operands, workgroups: this.#elementWorkgroups() });
    // If a group has rejected the attempt it is there without this, but that is not known here.
    this.#hasSlope = firstSameAsLast;
  }

  #elementWorkgroups(): number {
    return Math.ceil(this.sizes.rows * this.sizes.width / ELEMENTS);
  }

  #input(kind: number): void {
    const operands = [this.controls, this.#state, this.#slopes, this.#x, this.#times];
    this.#record(inputProgram, kind, { operands, workgroups: this.#elementWorkgroups() });
  }

  /** The field at the next input, into a slot of the slopes. */
  #evaluate(kind: number, slot: number): void {
    this.#input(kind);
    const slope = this.#velocity(this.#x, this.#times);
    try {
      this.#gpu.copyInto(slope, this.#slopes, 4 * slot * this.#state.size);
    } finally {
      slope.dispose();
    }
  }

  #squares(kind: keyof typeof squaredKinds): void {
    const { groups, parts } = this.sizes;
    const operands = [this.controls, this.#state, this.#x, this.#slopes, this.#partials];
    this.#record(squaresProgram, squaredKinds[kind], { operands, workgroups: groups * parts });
  }

  #control(event: keyof typeof controlEvents): void {
    const operands = [this.controls, this.#partials], workgroups = this.sizes.groups;
    this.#record(controlProgram, controlEvents[event], { operands, workgroups });
  }

  #record(
    source: ProgramSource,
    what: number,
    { operands, workgroups }: {
      readonly operands: readonly Operand[];
      readonly workgroups: number;
    },
  ): void {
    const gpu = this.#gpu;
    let place = this.#places.get(what);
    if (place === undefined) {
      place = this.#held.buffer(gpu.upload(placeNumbers(what, this.sizes)));
      this.#places.set(what, place);
    }
    gpu.record(gpu.program(source), [place, this.#job, ...operands], workgroups);
  }

  dispose(): void {
    this.#attempt?.dispose();
    this.#held.releaseAll();
  }
}
