import type { Result } from "../turns.ts";
import type { GpuRow } from "./rows.ts";
import type { StepUse } from "../../../src/train/backend_choice/step_use.ts";
import { OURS } from "./setting.ts";

/** What was measured of a row. */
export interface MeasuredRow {
  readonly row: GpuRow;
  readonly results: Readonly<Record<string, Result>>;
  readonly step: StepUse | null;
  /** Of a CNF's training step: its operations, the peak on as many workgroups, times by these alone. */
  readonly arithmetic: {
    readonly flop: number;
    readonly flops: number;
    readonly least: number;
    readonly aim: number;
  } | null;
}

/** The share of the peak that the field's arithmetic reaches. */
export interface MeasuredField {
  readonly rows: number;
  readonly hidden: number;
  readonly must: number;
  readonly aim: number;
  readonly peak: number;
  readonly flops: number;
}

const head = ["row", "ours", "by arithmetic", "peer", "", "ratio", "must", "aim"];

/** The table for the terminal: a line for each peer of a row. */
export function gpuTableText(rows: readonly MeasuredRow[], field: MeasuredField | null): string {
  const lines = rows.flatMap(({ row, results, arithmetic }) => {
    const ours = results[OURS]!.medianMs;
    const predicted = arithmetic === null
      ? ""
      : `${time(arithmetic.aim)} to ${time(arithmetic.least)}`;
    return row.targets.map(({ peer, must, aim }) => {
      const [name, result] = fastest(results, peer);
      const ratio = result === null ? "-" : (result.medianMs / ours).toFixed(2);
      const theirs = result === null ? "-" : time(result.medianMs);
      return [row.work, time(ours), predicted, theirs, name, ratio, `${must}`, `${aim}`];
    });
  });
  const ofField = field === null ? [] : [[
    `the field's arithmetic, batch ${field.rows.toLocaleString("en")}, width ${field.hidden}`,
    `${(field.flops / 1e9).toFixed(1)} GFLOP/s`,
    "",
    `${(field.peak / 1e9).toFixed(1)} GFLOP/s`,
    "register-only kernel",
    ...[(field.flops / field.peak).toFixed(2), `${field.must}`, `${field.aim}`],
  ]];
  const all = [head, ...lines, ...ofField];
  const widths = head.map((_, i) => Math.max(...all.map((line) => line[i]!.length)));
  return all.map((line) => line.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd())
    .join("\n");
}

function fastest(
  results: Readonly<Record<string, Result>>,
  family: string,
): readonly [name: string, result: Result | null] {
  const [found] = Object.entries(results).filter(([, result]) => result.family === family)
    .sort(([, a], [, b]) => a.medianMs - b.medianMs);
  return found ?? [`no ${family} here`, null];
}

function time(ms: number): string {
  return ms < 10
    ? `${ms.toFixed(2)} ms`
    : ms < 1e4
    ? `${ms.toFixed(0)} ms`
    : `${(ms / 1e3).toFixed(1)} s`;
}
