import type { RunMetrics, RunSummary } from "@fluxion/fluxion/runs";
import { shownPath } from "../paths.ts";

/** A number with few digits for a table; a dash if there is none. */
export function figure(value: number | null | undefined, digits = 5): string {
  if (value === null || value === undefined) return "-";
  return String(Number(value.toPrecision(digits)));
}

/** The data set of a run: its name, or a file's name without its folder. */
export function dataText(data: string | undefined): string {
  if (data === undefined) return "-";
  return data === "-" ? "stdin" : data.split(/[/\\]/).at(-1) || data;
}

/** The state of a run in words. */
export function stateText({ state, steps, metrics }: RunSummary): string {
  switch (state.kind) {
    case "finished":
      return metrics?.stoppedEarly ? `finished early at step ${steps}` : "finished";
    case "interrupted":
      return `interrupted at step ${steps}`;
    case "running":
      return `running, step ${steps}`;
    case "broken":
      return `broken: ${state.reason}`;
    default:
      return state satisfies never;
  }
}

/** What a run is and where it stands, as `runs` and `compare` print it with `--json`. */
export function summaryJson(summary: RunSummary): Readonly<Record<string, unknown>> {
  const { run, state, options, network, metrics, steps, totalSteps, bytes, writtenMs } = summary;
  const { model: _model, data: _data, seed: _seed, steps: _steps, totalSteps: _total, ...figures } =
    metrics ?? {} as Partial<RunMetrics>;
  return {
    run: shownPath(run),
    state: state.kind,
    ...(state.kind === "broken" ? { reason: state.reason } : {}),
    model: options?.model ?? null,
    network: network?.kind ?? null,
    data: options?.data ?? null,
    seed: options?.seed ?? null,
    steps,
    totalSteps,
    ...figures,
    bytes,
    written: writtenMs === null ? null : new Date(writtenMs).toISOString(),
  };
}
