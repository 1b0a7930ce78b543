/**
 * What evaluations, the log and pictures take of default training runs:
 *
 *   deno task bench:phases [--rounds N] [MODEL:DATA...]
 *
 * Each phase is the difference of two programs in processes of their own, each by the least of
 * interleaved rounds: all of `fluxion train`; the same training without pictures; that without evaluations but
 * the last. The log is timed where it is written. Processor time is user and system time of all
 * threads, compilation by V8 included, from the start of the process to its end.
 */
import process from "node:process";
import { v8Flags } from "../../tools/v8_flags.ts";
import { train as trainRun } from "../../cli/commands/train/run.ts";
import type { TrainOptions } from "../../src/train/options/mod.ts";
import { LogWriter } from "../../src/train/run/training_log.ts";
import { train } from "../../src/train/train.ts";
import { orExit } from "./or_exit.ts";
import { parsePhaseArguments, type PhaseRun } from "./phase_arguments.ts";

const variants = ["all", "without pictures", "bare"] as const;

/** What a process took. */
interface Taken {
  readonly processorMs: number;
  readonly wallMs: number;
  /** Of the processor time, that of writing the log. */
  readonly logMs: number;
  readonly peakBytes: number | null;
  /** Steps that it trained. */
  readonly steps: number;
}

/** Processor time of this process in milliseconds. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Trains in this process and prints what it took as its last line. */
async function trainOnce(
  variant: typeof variants[number],
  options: TrainOptions & { readonly model: "cnf" | "fm" },
): Promise<void> {
  let logMs = 0;
  const append = LogWriter.prototype.append;
  LogWriter.prototype.append = function (entries) {
    const began = performance.now();
    append.call(this, entries);
    logMs += performance.now() - began;
  };
  const { model, ...others } = options;
  const run = await Deno.makeTempDir();
  try {
    if (variant === "all") {
      await trainRun(model, { ...others, run, overwrite: true, quiet: true });
    } else {
      const evaluating = variant === "bare" ? { evalEvery: 0 } : {};
      await train({ ...options, ...evaluating }, { run, mode: "overwrite", startedMs: 0 });
    }
    const { steps, peakMemoryBytes } = JSON.parse(
      await Deno.readTextFile(`${run}/metrics.json`),
    );
    const taken: Taken = {
      processorMs: processorMs(),
      wallMs: performance.now(),
      logMs,
      peakBytes: peakMemoryBytes,
      steps,
    };
    console.log(JSON.stringify(taken));
  } finally {
    await Deno.remove(run, { recursive: true });
  }
}

/** What a process takes that trains. */
async function taken(
  variant: typeof variants[number],
  options: TrainOptions & { readonly model: "cnf" | "fm" },
): Promise<Taken> {
  const program = [...v8Flags(Deno.build.arch), "--allow-all", import.meta.filename!];
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", ...program, "child", variant, JSON.stringify(options)],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${options.model}, ${variant}: failed`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

/** The rows of a run's table, in processor and wall time. */
async function measured({ model, data }: PhaseRun, rounds: number): Promise<string[][]> {
  const times: Record<typeof variants[number], Taken[]> = {
    all: [],
    "without pictures": [],
    bare: [],
  };
  for (let round = 0; round < rounds; round++) {
    for (const variant of variants) {
      // Without evaluations nothing stops early.
      const ended = variant === "bare" ? { steps: times.all[0]!.steps } : {};
      times[variant].push(await taken(variant, { model, data, ...ended }));
    }
  }
  return (["processorMs", "wallMs"] as const).map((kind) => {
    const of = (variant: typeof variants[number]) => least(times[variant].map((t) => t[kind]));
    const whole = of("all"), log = least(times.all.map(({ logMs }) => logMs));
    const pictures = whole - of("without pictures");
    const evaluations = of("without pictures") - of("bare");
    const share = (ms: number) => `${(100 * ms / whole).toFixed(1)} %`;
    const peak = Math.max(...times.all.map(({ peakBytes }) => peakBytes ?? NaN));
    return [
      `train ${model} --data ${data.split("/").at(-1)}`,
      kind === "wallMs" ? "wall" : "processor",
      `${(whole / 1000).toFixed(2)} s`,
      share(pictures),
      share(evaluations),
      share(log),
      share(pictures + evaluations + log),
      `${Math.round(peak / 1e6)} MB`,
    ];
  });
}

if (import.meta.main) {
  const [mode, variant, options] = Deno.args;
  if (mode === "child") {
    await trainOnce(variant as typeof variants[number], JSON.parse(options!));
  } else {
    const { rounds, runs } = orExit(() => parsePhaseArguments(Deno.args));
    const table: string[][] = [];
    for (const run of runs) table.push(...await measured(run, rounds));
    const header = ["run", "time", "whole", "pictures", "evaluations", "log", "together", "peak"];
    const rows = [header, header.map(() => "---"), ...table];
    console.log(rows.map((row) => `| ${row.join(" | ")} |`).join("\n"));
  }
}
