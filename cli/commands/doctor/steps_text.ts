import type { EngineTimes, StepUse, TrainingWay, TypicalStep } from "@fluxion/fluxion/program";
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

/** Lines of what a typical training step uses. */
export function* typicalStepText(
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
  const rows = programs.map(({ name, dispatches, ms }) => [
    name,
    mean(dispatches),
    ...(ms === null ? [] : [ms.toFixed(3)]),
  ]);
  const isTimed = programs.some(({ ms }) => ms !== null);
  const head = [{ head: "program" }, figures("dispatches"), ...(isTimed ? [figures("ms")] : [])];
  return [
    ...table(head, rows, null).split("\n"),
    ...(isTimed ? [] : ["no times: this adapter has no timestamp-query"]),
  ];
}
