import type { EngineTimes, StepUse, TrainingWay, TypicalStep } from "@fluxion/fluxion/program";
import type { SelfTestResult } from "@fluxion/fluxion/device";
import { deviceOptions } from "../../options/shared.ts";
import { asTypedOptions } from "../../options/spelling.ts";
import { table } from "../../terminal/table.ts";

/** A column of figures. */
const figures = (head: string) => ({ head, align: "right" }) as const;

function milliseconds(ms: number | null): string {
  if (ms === null) return "failed";
  return `${ms < 100 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
}

function bytesText(bytes: number): string {
  const [amount, unit] = bytes < 2 ** 20 ? [bytes / 2 ** 10, "KiB"] : [bytes / 2 ** 20, "MiB"];
  return `${amount.toFixed(1)} ${unit}`;
}

/** A mean: whole numbers without digits after the point. */
function mean(value: number): string {
  return `${Number(value.toFixed(1))}`;
}

/** Lines of what `auto` measured, as a table with the shape of each step below it. */
export function* engineTimesText(times: readonly EngineTimes[]): Generator<string> {
  if (times.length === 0) return;
  yield "  measured on this machine, the latest first; of a step of the shape below:";
  const head = [{ head: "chosen" }, figures("on the CPU"), figures("on the GPU"), { head: "GPU" }];
  const cells = times.map(({ choice: { backend, adapter, cpuMs, webgpuMs } }) => [
    ...[backend, milliseconds(cpuMs), milliseconds(webgpuMs), adapter],
  ]);
  const [first, ...rows] = table(head, cells, null).split("\n");
  yield `    ${first}`;
  for (const [i, { shape }] of times.entries()) {
    yield `    ${rows[i]}`;
    yield `      ${Object.entries(shape).map(([name, value]) => `${name} ${value}`).join(", ")}`;
  }
}

const ways: Readonly<Record<TrainingWay, string>> = {
  fused: "fused",
  numbers: "without tensors",
  device: "recorded ahead of the host",
  tensors: "as tensor operations",
};

/** The same steps; what failed names options as they are typed. */
export function inTypedOptions(steps: readonly TypicalStep[]): readonly TypicalStep[] {
  return steps.map((step) => ({
    ...step,
    problem: step.problem === null ? null : asTypedOptions(step.problem, deviceOptions),
  }));
}

/**
 * Lines of what typical training steps use.
 *
 * @param found.tests The self-tests before them.
 * @param found.steps Null if none were taken.
 */
export function* typicalStepsText(
  { tests, steps }: {
    readonly tests: readonly Pick<SelfTestResult, "ok">[];
    readonly steps: readonly TypicalStep[] | null;
  },
  failed: string,
): Generator<string> {
  for (const step of steps ?? []) yield* typicalStepText(step, failed);
  if (steps !== null) return;
  yield tests.every(({ ok }) => ok)
    ? "  none were taken; doctor --backend webgpu takes some, also on a software adapter, whose shaders compile for seconds"
    : "  none were taken: a self-test failed";
}

function* typicalStepText(
  { work, way, use, problem }: TypicalStep,
  failed: string,
): Generator<string> {
  if (use === null) {
    yield `  ${failed}  ${work}: ${problem}`;
    return;
  }
  yield `  ${work}${way === null ? "" : `, ${ways[way]}`}`;
  yield `    a step: ${milliseconds(use.ms)}; ${mean(use.dispatches)} dispatches, ${
    mean(use.submits)
  } submits, ${mean(use.buffers)} new buffers; ${bytesText(use.bytesResident)} resident`;
  for (const line of programsText(use)) yield `      ${line}`;
}

function programsText({ programs }: StepUse): string[] {
  const isTimed = programs.some(({ ms }) => ms !== null);
  const rows = programs.map(({ name, dispatches, ms }) => [
    name,
    mean(dispatches),
    ...(isTimed ? [ms?.toFixed(3) ?? "-"] : []),
  ]);
  const head = [{ head: "program" }, figures("dispatches"), ...(isTimed ? [figures("ms")] : [])];
  return [
    ...table(head, rows, null).split("\n"),
    ...(isTimed ? [] : ["no times: this adapter has no timestamp-query"]),
  ];
}
