import assert from "node:assert/strict";
import type { Gpu, PooledBuffer, ProgramSource } from "../../../../../src/backends/gpu/mod.ts";
import type { SolveProblem } from "../../../../../src/ode/engines/engine.ts";
import {
  type AttemptSizes,
  attemptSizes,
} from "../../../../../src/ode/engines/gpu/attempts/attempt_recorder.ts";
import { placeNumbers } from "../../../../../src/ode/engines/gpu/attempts/attempt_wgsl.ts";
import {
  CONTROL_BYTES,
  type ControlField,
  controlFields,
} from "../../../../../src/ode/engines/gpu/control.ts";
import { jobNumbers } from "../../../../../src/ode/engines/gpu/job.ts";
import { MOST_STEPS } from "../../../../../src/ode/solver/step_control.ts";
import { dopri5 } from "../../../../../src/ode/tableaus/dopri5.ts";

/** What a kernel of step attempts is told of a solve. */
export type AttemptTask = Omit<SolveProblem, "field" | "y0"> & {
  readonly y0: { readonly shape: readonly [rows: number, width: number] };
  readonly sizes: AttemptSizes;
};

/** Numbers of a solve of `rows` rows of `width` numbers; rtol and atol differ, as in no engine's default. */
export function attemptTask(
  [rows, width, controlGroup]: readonly [number, number, number],
  changes: Partial<AttemptTask> = {},
): AttemptTask {
  const task = {
    y0: { shape: [rows, width] },
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: { kind: "adaptive", rtol: 3e-3, atol: 2e-4 },
    controlGroup,
    maxSteps: 1000,
    keep: { kind: "end" },
    ...changes,
  } as const;
  return { ...task, sizes: attemptSizes(task as unknown as SolveProblem) };
}

/** A group's state, for tests: fields left out are 0. */
export type Control = Partial<Record<ControlField, number>>;

/** The states of groups as a device has them. */
export function controlNumbers(groups: readonly Control[]): Float32Array {
  const floats = new Float32Array(groups.length * CONTROL_BYTES / 4);
  const words = new Uint32Array(floats.buffer);
  const fields = Object.entries(controlFields);
  groups.forEach((group, g) =>
    fields.forEach(([name, kind], i) => {
      const numbers = kind === "f32" ? floats : words;
      numbers[g * fields.length + i] = group[name as ControlField] ?? 0;
    })
  );
  return floats;
}

/** Put behind each operand: a kernel that writes beyond its end changes them. */
const BEYOND = new Float32Array(300).fill(-7);

/**
 * Dispatches a kernel on numbers, and gives those operands that it may write, as they are afterwards.
 *
 * @param given.what Of `inputKinds`, `squaredKinds` or `controlEvents`.
 * @param given.operands By binding, after those of all kernels.
 */
export async function dispatched(
  gpu: Gpu,
  source: ProgramSource,
  { task, what, operands, workgroups }: {
    readonly task: AttemptTask;
    readonly what: number;
    readonly operands: readonly Float32Array[];
    readonly workgroups: number;
  },
): Promise<Float32Array[]> {
  const { sizes } = task;
  const buffers: PooledBuffer[] = [];
  const held = (buffer: PooledBuffer) => {
    buffers.push(buffer);
    return buffer;
  };
  try {
    const numbers = jobNumbers(task, { ...sizes, cap: MOST_STEPS, recordSteps: 0 }, "first");
    const common = [placeNumbers(what, sizes), numbers].map((data) => held(gpu.upload(data)));
    const own = operands.map((data) => {
      const longer = new Float32Array(data.length + BEYOND.length);
      longer.set(data);
      longer.set(BEYOND, data.length);
      return held(gpu.filled(longer));
    });
    gpu.record(gpu.program(source), [...common, ...own], workgroups);
    // Reads wait for the device: all of them at once.
    const written = own.flatMap((buffer, i) =>
      source.bindings[common.length + i] === "readWrite" ? [{ copy: gpu.copyOut(buffer), i }] : []
    );
    return await Promise.all(written.map(async ({ copy, i }) => {
      const numbers = new Float32Array(await copy.read()), { length } = operands[i]!;
      assert.deepEqual(numbers.subarray(length), BEYOND, `${source.name}: beyond operand ${i}`);
      return numbers.slice(0, length);
    }));
  } finally {
    for (const buffer of buffers) buffer.release();
  }
}

/** Asserts that numbers are those of float64 within their tolerances, and as much NaN or infinite. */
export function assertNear(
  found: Float32Array,
  expected: ArrayLike<number>,
  { within, name }: { readonly within: (i: number) => number; readonly name: string },
): void {
  assert.equal(found.length, expected.length, name);
  for (let i = 0; i < found.length; i++) {
    const right = expected[i]!,
      isRight = Number.isFinite(right)
        ? Math.abs(found[i]! - right) <= within(i)
        : Object.is(found[i], right);
    if (!isRight) assert.fail(`${name}, number ${i}: expected ${right}, found ${found[i]}`);
  }
}
