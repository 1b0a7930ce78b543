import { cpus, release } from "node:os";
import * as tf from "@tensorflow/tfjs";
import type { Memory } from "./memory.ts";
import type { Python } from "./peers/python.ts";
import type { Row } from "./table.ts";
import type { Agreement, Result } from "./turns.ts";

/** A row with its measurements; null where a side is missing. */
export interface Line extends Row {
  readonly oursMs: number | null;
  /** Name of the peers' fastest contestant. */
  readonly fastest: string | null;
  readonly peerMs: number | null;
  readonly ratio: number | null;
  readonly oursNfe: number | null;
  readonly peerNfe: number | null;
  /** What preceded the peer's first turn, not part of its time: compilation. */
  readonly peerPrepareMs: number | null;
  readonly met: boolean | null;
  /** The fastest contestant of each family. */
  readonly families: Readonly<Record<string, { readonly name: string; readonly ms: number }>>;
}

/** Adds the measurements to a row. */
export function lineOf(row: Row, results: Readonly<Record<string, Result>>): Line {
  const ours = results[row.ours];
  const sorted = Object.entries(results)
    .filter(([name, { family }]) => row.peers.includes(family) || row.peers.includes(name))
    .sort(([, a], [, b]) => a.medianMs - b.medianMs);
  const families: Record<string, { name: string; ms: number }> = {};
  for (const [name, { family, medianMs }] of sorted) families[family] ??= { name, ms: medianMs };
  const [fastest, theirs] = sorted[0] ?? [null, undefined];
  const ratio = ours && theirs ? theirs.medianMs / ours.medianMs : null;
  return {
    ...row,
    ...{ oursMs: ours?.medianMs ?? null, fastest, peerMs: theirs?.medianMs ?? null, ratio },
    ...{ oursNfe: ours?.nfe ?? null, peerNfe: theirs?.nfe ?? null },
    ...{ peerPrepareMs: theirs?.prepareMs ?? null, families },
    met: ratio === null || Number.isNaN(ratio) ? null : ratio >= row.must,
  };
}

/** Formats the lines as a table for the terminal. */
export function tableText(
  lines: readonly Line[],
  memory: Readonly<Record<string, Memory>> = {},
): string {
  const head = [
    ...[
      "row",
      "work",
      "ours",
      "peer",
      "",
      "compile",
      "NFE",
      "memory",
      "ratio",
      "must",
      "aim",
      "met",
    ],
  ];
  const cells = lines.map((line) => [
    ...[line.name, line.work, time(line.oursMs), time(line.peerMs)],
    line.fastest ?? `no ${line.peers.join(" or ")} here`,
    line.peerPrepareMs === null ? "" : `${(line.peerPrepareMs / 1000).toFixed(1)} s`,
    line.oursNfe === null ? "" : `${number(line.oursNfe)} / ${number(line.peerNfe)}`,
    memoryText(memory[line.name]),
    line.ratio === null ? "-" : line.ratio.toFixed(2),
    ...[`${line.must}`, `${line.aim}`],
    verdict(line),
  ]);
  const all = [head, ...cells];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd())
    .join("\n");
}

function verdict({ met, ratio, aim }: Line): string {
  if (met === null) return "-";
  if (!met) return "no";
  return ratio! >= aim ? "yes, the aim too" : "yes";
}

/** "120 / 610 MB (268)": ours, the peer's, and in brackets the peer's after its imports. */
function memoryText(memory: Memory | undefined): string {
  if (memory === undefined || (memory.ours === null && memory.peer === null)) return "";
  const { ours, peer, peerImports } = memory;
  const imports = peerImports === null ? "" : ` (${megabytes(peerImports)})`;
  return `${megabytes(ours)} / ${megabytes(peer)} MB${imports}`;
}

function megabytes(bytes: number | null): string {
  return bytes === null ? "-" : (bytes / 1e6).toFixed(0);
}

function time(ms: number | null): string {
  if (ms === null) return "-";
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
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
      ...{ python: python?.version ?? null, ...python?.packages },
    },
  };
}

/** A peer's answer beside Fluxion's. */
export interface Comparison extends Agreement {
  readonly setup: string;
  readonly work: string;
  readonly peer: string;
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
  readonly agreements: readonly Comparison[];
  /** Memory peaks by row. */
  readonly memory: Readonly<Record<string, Memory>>;
  /** Results by setup, work and contestant. */
  readonly results: Readonly<Record<string, Readonly<Record<string, Record<string, Result>>>>>;
}
