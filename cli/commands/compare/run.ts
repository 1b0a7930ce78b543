import { duration, InputError, shortPaths } from "@fluxion/fluxion/core";
import { writeFileAtomic } from "@fluxion/fluxion/files";
import { isShippedModel, kebabCase } from "@fluxion/fluxion/options";
import { comparedCurvesPicture } from "@fluxion/fluxion/report/pictures";
import {
  type DifferingOption,
  differingOptions,
  readLog,
  runFile,
  type RunSummary,
  summarizeRun,
  summarizeShipped,
  type TrainingLog,
} from "@fluxion/fluxion/runs";
import { pictureText } from "../../command_line.ts";
import { exists, outputPath, shownPath, userFolder } from "../../paths.ts";
import { interruptible } from "../../process/interrupt.ts";
import { forEachRun } from "../../runs/each_run.ts";
import { dataText, figure, stateText, summaryJson } from "../../runs/run_figures.ts";
import { namedRuns } from "../../runs/named_runs.ts";
import { existingRunFolder } from "../../runs/runs_folder.ts";
import { PartlyFailed } from "../../terminal/errors.ts";
import { columns } from "../../terminal/columns.ts";
import { stackedTables, type TableColumn } from "../../terminal/table.ts";
import { printLine, sayError, speaker } from "../../terminal/terminal.ts";
import type { Evaluation } from "../eval/run.ts";
import { type CompareFlags, compareOptions } from "./flags.ts";

/** Evaluations by run. */
type Evaluations = ReadonlyMap<string, Evaluation>;

/** `fluxion compare RUN...`. */
export async function compare(flags: CompareFlags, ...names: string[]): Promise<void> {
  const messages = { notice: "stopping", outcome: "interrupted; nothing was written" };
  await interruptible(messages, () => compareRuns(flags, names));
}

async function compareRuns(flags: CompareFlags, names: readonly string[]): Promise<void> {
  const given = flags.out === undefined ? null : await outputPath(flags.out, flags);
  const all = await summaries(names);
  const broken = all.filter(({ state }) => state.kind === "broken");
  for (const run of broken) sayError(`${shownPath(run.run)}: ${stateText(run)}`);
  const runs = all.filter(({ state }) => state.kind !== "broken");
  if (runs.length < 2) {
    throw new InputError(
      `${names.join(" ")}: ${
        runs.length === 1 ? "one run" : "no run"
      } to compare; name two or more different ones`,
    );
  }
  const differences = differingOptions(runs);
  const remarks = incomparable(runs);
  const { evaluations, failure } = flags.eval
    ? await evaluated(runs, flags)
    : { evaluations: new Map(), failure: null };
  const picture = await drawn(runs, given);
  if (flags.json) {
    printLine(JSON.stringify({
      runs: runs.map((run) => ({
        ...summaryJson(run),
        ...(evaluations.has(run.run) ? { eval: evaluations.get(run.run) } : {}),
      })),
      differences: Object.fromEntries(differences.map(({ name, values }) => [name, values])),
      remarks,
      picture,
    }));
  } else {
    const most = Deno.stdout.isTerminal() ? columns() : Infinity;
    printLine(
      differences.length === 0
        ? "The runs have the same options.\n"
        : `${optionTable(runs, differences, most)}\n`,
    );
    printLine(figureTable(runs, most));
    if (evaluations.size > 0) printLine(`\n${evaluationTable(runs, evaluations, most)}`);
    if (picture !== null) printLine(`\n${picture}`);
  }
  const say = speaker(flags);
  for (const remark of remarks) say(remark);
  if (picture === null) say("no run has a log of training steps, so there are no curves");
  if (failure !== null) throw failure;
  if (broken.length > 0) throw new PartlyFailed("some runs are broken", 2);
}

async function summaries(names: readonly string[]): Promise<RunSummary[]> {
  const found: RunSummary[] = [];
  for (const run of await namedRuns(names)) {
    found.push(
      isShippedModel(run)
        ? await summarizeShipped(run)
        : await summarizeRun(await existingRunFolder(run)),
    );
  }
  return found;
}

/** Why losses of the runs cannot be compared, one sentence each. */
export function incomparable(runs: readonly RunSummary[]): string[] {
  const values = (of: (run: RunSummary) => unknown) => [...new Set(runs.map(of))];
  const models = values(({ options }) => options?.model);
  // The same bytes are the same data, wherever the file is.
  const data = values(({ options, dataFile }) => dataFile?.sha256 ?? options?.data);
  const named = values(({ options }) => dataText(options?.data));
  const tests = values(({ testFile, options }) => testFile?.sha256 ?? options?.split);
  const columns = values(({ options }) => JSON.stringify([options?.columns, options?.drop]));
  const drawn = runs.some(({ testFile, options }) =>
    testFile === null && options?.split !== "ordered"
  );
  const scales = values(({ options }) => options?.standardize);
  const seeds = values(({ options }) => options?.seed);
  return [
    ...(data.length > 1
      ? [
        `the runs are trained on different data (${named.join(", ")}${
          named.length < data.length ? ", of different content" : ""
        }), so their losses are not comparable`,
      ]
      : []),
    ...(tests.length > 1 && data.length === 1
      ? ["the runs are tested on different rows, so their test losses are not comparable"]
      : []),
    ...(columns.length > 1 && data.length === 1
      ? ["the runs are trained on different columns, so their losses are not comparable"]
      : []),
    ...(models.length > 1
      ? [
        "the loss of a cnf is a negative log-likelihood, that of fm a mean squared error: they are " +
        "not comparable",
      ]
      : []),
    ...(scales.length > 1 && data.length === 1 && models.includes("fm")
      ? [
        "the loss of fm is that of the standardised data: with different scales it is not comparable",
      ]
      : []),
    ...(seeds.length > 1 && data.length === 1 && drawn
      ? ["each seed draws its own test rows, so test losses differ by those too"]
      : []),
  ];
}

async function evaluated(
  runs: readonly RunSummary[],
  { n, backend, threads, portableBits, quiet }: CompareFlags,
): Promise<{ readonly evaluations: Evaluations; readonly failure: PartlyFailed | null }> {
  const { evaluateRun } = await import("../eval/run.ts");
  const evaluations = new Map<string, Evaluation>();
  try {
    const flags = { n, backend, threads, portableBits, quiet };
    await forEachRun(
      runs.map(({ run }) => run),
      { declared: compareOptions, flags: { quiet } },
      async (run) => void evaluations.set(run, await evaluateRun(flags, run)),
    );
    return { evaluations, failure: null };
  } catch (error) {
    if (!(error instanceof PartlyFailed)) throw error;
    return { evaluations, failure: error };
  }
}

const noLog: TrainingLog = { steps: [], evaluations: [] };

/** Draws the curves; returns the picture's path as the user sees it, or null without curves. */
async function drawn(runs: readonly RunSummary[], given: string | null): Promise<string | null> {
  const names = shortPaths(runs.map(({ run }) => shownPath(run)));
  const compared = await Promise.all(runs.map(async ({ run, options }, i) => ({
    name: names[i]!,
    model: options!.model!,
    log: isShippedModel(run) ? noLog : await readLog(runFile(run, "log")),
  })));
  const bytes = await comparedCurvesPicture(compared, { text: pictureText() });
  if (bytes === null) return null;
  if (given === null) return shownPath(await writeComparison(userFolder(), bytes));
  await writeFileAtomic(given, bytes);
  return shownPath(given);
}

/** Writes the next free `comparison-0001.png` of a folder, unless one is this picture; its path. */
export async function writeComparison(folder: string, bytes: Uint8Array): Promise<string> {
  for (let number = 1;; number++) {
    const path = `${folder}/comparison-${String(number).padStart(4, "0")}.png`;
    if (!await exists(path)) {
      await writeFileAtomic(path, bytes);
      return path;
    }
    if (await holds(path, bytes)) return path;
  }
}

/** Whether a file has this content. */
async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  const { isFile, size } = await Deno.stat(path).catch(() => ({ isFile: false, size: 0 }));
  if (!isFile || size !== bytes.length) return false;
  const found = await Deno.readFile(path);
  return found.every((byte, i) => byte === bytes[i]);
}

const runColumn: TableColumn = { head: "run", enough: 28, least: 12 };

/** Options whose values are paths, or names in place of one. */
const pathOptions: readonly string[] = ["data", "testData", "init"];

function optionTable(
  runs: readonly RunSummary[],
  differences: readonly DifferingOption[],
  most: number,
): string {
  const texts = differences.map(({ name, values }) => {
    const whole = values.map((value) => value === undefined ? "-" : String(value));
    if (!pathOptions.includes(name)) return whole;
    return shortPaths(values.map((value, i) => value === "-" ? "stdin" : whole[i]!));
  });
  return stackedTables(
    [
      runColumn,
      ...differences.map(({ name, values }): TableColumn => ({
        head: kebabCase(name),
        // Numbers are not shortened.
        ...(values.some((value) => typeof value === "string") ? { enough: 24, least: 6 } : {}),
      })),
    ],
    runs.map(({ run }, i) => [shownPath(run), ...texts.map((column) => column[i]!)]),
    most,
  );
}

/** Figures of `metrics.json`, in the order of the table. */
const ownFigures: readonly (readonly [head: string, of: (run: RunSummary) => string])[] = [
  ["steps done", ({ steps }) => String(steps)],
  ["training loss", ({ metrics }) => figure(metrics?.loss)],
  ["test loss", ({ metrics }) => figure(metrics?.testLoss)],
  ["validation", ({ metrics }) => figure(metrics?.validationLoss)],
  ["best step", ({ metrics }) => figure(metrics?.bestStep)],
  ["ms/step", ({ metrics }) => figure(metrics?.stepMs, 3)],
  ["nfe", ({ metrics }) => figure(metrics?.nfe, 4)],
  ["time", ({ metrics }) => metrics === null ? "-" : duration(metrics.seconds)],
];

function figureTable(runs: readonly RunSummary[], most: number): string {
  const shown = ownFigures.filter(([, of]) => runs.some((run) => of(run) !== "-"));
  const states = runs.some(({ state }) => state.kind !== "finished");
  return stackedTables(
    [
      runColumn,
      ...shown.map(([head]): TableColumn => ({ head, align: "right" })),
      ...(states ? [{ head: "state" }] : []),
    ],
    runs.map((run) => [
      shownPath(run.run),
      ...shown.map(([, of]) => of(run)),
      ...(states ? [stateText(run)] : []),
    ]),
    most,
  );
}

/** Keys of an evaluation that are no figures. */
const noFigures = ["model", "data", "backend", "seed"];

/** The figures of `eval`, by their keys. */
function evaluationTable(
  runs: readonly RunSummary[],
  evaluations: Evaluations,
  most: number,
): string {
  const all = [...evaluations.values()];
  const keys = [...new Set(all.flatMap((found) => Object.keys(found)))].filter((key) =>
    !noFigures.includes(key) && all.some((found) => typeof found[key] === "number")
  );
  const cell = (value: Evaluation[string] | undefined) =>
    figure(typeof value === "number" ? value : null);
  return stackedTables(
    [
      runColumn,
      ...keys.map((head): TableColumn => ({ head, align: "right" })),
    ],
    runs.map(({ run }) => [
      shownPath(run),
      ...keys.map((key) => cell(evaluations.get(run)?.[key])),
    ]),
    most,
  );
}
