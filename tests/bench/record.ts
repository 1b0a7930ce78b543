import { cpus, release } from "node:os";
import * as tf from "@tensorflow/tfjs";
import type { Peaks } from "./memory.ts";
import type { Python } from "./peer.ts";
import type { Agreement } from "./setup.ts";
import type { Row } from "./table.ts";
import type { Result } from "./turns.ts";

/** A row with its measurements; null where a side is missing. */
export interface Line extends Row {
  readonly oursMs: number | null;
  /** Name of the peer's fastest contestant. */
  readonly fastest: string | null;
  readonly peerMs: number | null;
  readonly ratio: number | null;
  readonly oursNfe: number | null;
  readonly peerNfe: number | null;
  readonly met: boolean | null;
}

/** Adds the measurements to a row. */
export function lineOf(row: Row, results: Readonly<Record<string, Result>>): Line {
  const ours = results[row.ours];
  const [fastest, theirs] = Object.entries(results)
    .filter(([name]) => name === row.peer || name.startsWith(`${row.peer},`))
    .sort(([, a], [, b]) => a.medianMs - b.medianMs)[0] ?? [null, undefined];
  const ratio = ours && theirs ? theirs.medianMs / ours.medianMs : null;
  return {
    ...row,
    ...{ oursMs: ours?.medianMs ?? null, fastest, peerMs: theirs?.medianMs ?? null, ratio },
    ...{ oursNfe: ours?.nfe ?? null, peerNfe: theirs?.nfe ?? null },
    met: ratio === null || Number.isNaN(ratio) ? null : ratio >= row.must,
  };
}

/** Formats the lines as a table for the terminal. */
export function tableText(lines: readonly Line[]): string {
  const head = ["row", "work", "ours", "peer", "", "NFE", "ratio", "must", "aim", "met"];
  const cells = lines.map((line) => [
    ...[line.name, line.work, time(line.oursMs), time(line.peerMs)],
    line.fastest ?? `no ${line.peer} here`,
    line.oursNfe === null ? "" : `${number(line.oursNfe)} / ${number(line.peerNfe)}`,
    line.ratio === null ? "-" : line.ratio.toFixed(2),
    ...[`${line.must}`, `${line.aim}`],
    line.met === null
      ? "-"
      : !line.met
      ? "no"
      : line.ratio! >= line.aim
      ? "yes, the aim too"
      : "yes",
  ]);
  const all = [head, ...cells];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd())
    .join("\n");
}

/** Formats memory peaks as lines for the terminal. */
export function peaksText(peaks: Peaks): string {
  return Object.entries(peaks).map(([who, bytes]) =>
    `  ${who.padEnd(34)} ${bytes === null ? "-" : `${(bytes / 1e6).toFixed(0).padStart(5)} MB`}`
  ).join("\n");
}

function time(ms: number | null): string {
  return ms === null ? "-" : ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function number(value: number | null): string {
  return value === null ? "-" : value.toFixed(0);
}

/** Describes the machine and the software. */
export async function facts(python: Python | null) {
  const git = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("git", { args, cwd: import.meta.dirname }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  const processors = cpus();
  return {
    commit: await git("rev-parse", "HEAD"),
    isChanged: await git("status", "--porcelain", "--untracked-files=no", ":/") !== "",
    machine: {
      ...{ cpu: processors[0]?.model ?? "unknown", cores: processors.length },
      ...{ system: `${Deno.build.os} ${release()}`, architecture: Deno.build.arch },
    },
    versions: {
      ...{ deno: Deno.version.deno, v8: Deno.version.v8, tfjs: tf.version_core },
      ...{ python: python?.python ?? null, torch: python?.torch ?? null },
      torchdiffeq: python?.torchdiffeq ?? null,
    },
  };
}

/** Content of a file in `results/`. */
export interface BenchRecord {
  readonly date: string;
  /** Load average over one minute, before and after. */
  readonly load: { readonly start: number; readonly end: number };
  /** Whether the machine was busy at the start. */
  readonly isLoaded: boolean;
  readonly rounds: number;
  readonly lines: readonly Line[];
  readonly agreements: readonly Agreement[];
  /** Memory peaks by setup. */
  readonly memory: Readonly<Record<string, Peaks>>;
  /** Results by setup, work and contestant. */
  readonly results: Readonly<Record<string, Readonly<Record<string, Record<string, Result>>>>>;
}
