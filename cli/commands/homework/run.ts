import { duration, FailureError, Stopped, throwIfStopped } from "@fluxion/fluxion/core";
import { writeFileAtomic } from "@fluxion/fluxion/files";
import {
  compareRunGradients,
  reportPlace,
  runCheck,
  runSelfTests,
  writeReport,
} from "@fluxion/fluxion/report";
import { epochLosses } from "@fluxion/fluxion/report/evaluation";
import { readLog, readMetrics, runFile } from "@fluxion/fluxion/runs";
import {
  loadTheorem,
  type Theorem,
  type TheoremCheck,
  type TheoremName,
} from "@fluxion/fluxion/theory";
import type { HomeworkFlags } from "./flags.ts";
import { Interrupted } from "../../terminal/errors.ts";
import { problems } from "./chapters.ts";
import { homeworkCommandLine } from "./command_line.ts";
import { homeworkDocument, readTrained } from "./document.ts";
import {
  holdHomework,
  homeworkFile,
  type HomeworkOptions,
  readCheck,
  readGradients,
  readSelfTests,
  runOf,
  theoremFile,
} from "./folder.ts";
import { type HomeworkSize, homeworkSizes } from "./sizes.ts";
import { TimeLeft } from "./time_left.ts";
import { type TrainingName, trainingNames, trainings } from "./trainings.ts";
import { interruptible } from "../../process/interrupt.ts";
import { exists, folderInWords, shownPath, userPath } from "../../paths.ts";
import { estimate, type Progress, showProgress } from "../../terminal/progress.ts";
import { paint, printLine, type Say, speaker, writeResult } from "../../terminal/terminal.ts";
import { evaluateRun } from "../eval/run.ts";
import { trainRun } from "../train/run.ts";

const DEFAULT_FOLDER = "homework";

/** `fluxion homework`. */
export async function homework(flags: HomeworkFlags): Promise<void> {
  const name = flags.quick ? "quick" : "full";
  await doHomework(flags, { name, size: homeworkSizes[name], loadTheorem });
}

/** Content of a homework. */
export interface Assignment {
  /** Name of the size. */
  readonly name: string;
  readonly size: HomeworkSize;
  /** Loads a theorem of Task 1. */
  readonly loadTheorem: (name: TheoremName) => Promise<Theorem>;
}

/** A homework in progress. */
interface HomeworkContext extends Assignment {
  /** Absolute path. */
  readonly folder: string;
  readonly options: HomeworkOptions;
  readonly quiet: boolean;
  readonly say: Say;
  /** Command line that repeats or continues the homework. */
  readonly command: string;
}

/** A part of the homework. */
interface Part {
  readonly title: string;
  /** Unit of its progress. */
  readonly unit: "step" | "piece";
  /** Total duration on the reference machine. */
  readonly seconds: number;
  /** Fraction done by earlier sessions, from 0 to 1; finished parts are skipped. */
  readonly done: number;
  /** Maps a fraction of the steps to a fraction of the time; the identity by default. */
  readonly timeOf?: (fraction: number) => number;
  work(progress: Progress): Promise<void>;
}

/**
 * Does a homework, or the rest of it, and prints its folder or results.
 *
 * @throws {InputError} If the folder cannot be used.
 * @throws {FailureError} If a theorem's check or a self-test failed (after everything else is done), a loss is
 *   NaN, a solve fails, or the disk is full.
 * @throws {Interrupted} On Ctrl-C; the message says how to continue.
 */
export async function doHomework(flags: HomeworkFlags, assignment: Assignment): Promise<void> {
  const { seed = 0, backend = "auto", quiet = false } = flags;
  const options = { size: assignment.name, seed, backend };
  const path = userPath(flags.out ?? DEFAULT_FOLDER).replace(/(?<=.)\/+$/, "");
  using held = await holdHomework(path, { options, overwrite: flags.overwrite ?? false });
  const context: HomeworkContext = {
    ...assignment,
    folder: held.path,
    options,
    quiet,
    say: speaker({ quiet }),
    command: homeworkCommandLine(flags.out ?? DEFAULT_FOLDER, options),
  };
  const outcome = `interrupted; go on with ${context.command}`;
  await interruptible({ notice: "stopping", outcome }, async () => {
    try {
      await doParts(context);
    } catch (error) {
      throw error instanceof Interrupted ? new Stopped(error.message) : error;
    }
  });
  if (flags.json) writeResult(await Deno.readTextFile(homeworkFile(path, "results")));
  else printLine(shownPath(path));
  await requirePassed(context);
}

async function doParts(context: HomeworkContext): Promise<void> {
  const { say, quiet, folder } = context;
  const parts = await plan(context);
  const timeLeft = new TimeLeft(parts, () => performance.now());
  const left = () => `about ${roughly(timeLeft.seconds())} left in all`;
  const started = performance.now();
  for (const [index, part] of parts.entries()) {
    if (part.done === 1) continue;
    throwIfStopped();
    timeLeft.begin(index);
    say(`${paint("bold", part.title, Deno.stderr)} (${left()})`);
    const shown = showProgress({ what: part.unit, quiet });
    try {
      await part.work({
        update(state) {
          const fraction = state.done / state.total;
          timeLeft.advance(part.timeOf?.(fraction) ?? fraction);
          shown.update({ ...state, left: left() });
        },
        clear: shown.clear,
      });
    } finally {
      shown.clear();
    }
    timeLeft.end();
  }
  const time = duration((performance.now() - started) / 1000);
  const isOld = parts.every(({ done }) => done === 1);
  say(`${shownPath(homeworkFile(folder, "report"))}: finished ${isOld ? "already" : `in ${time}`}`);
}

/** A rounded duration for an estimate in seconds. */
function roughly(seconds: number): string {
  return estimate(seconds < 90 ? Math.ceil(seconds / 10) * 10 : Math.ceil(seconds / 60) * 60)
    .replace(" 0 s", "");
}

/** All parts in the homework's order, with the fraction done of each. */
async function plan(context: HomeworkContext): Promise<readonly Part[]> {
  const { folder, size } = context;
  const theory = await Promise.all(problems.map(async ({ name, title }): Promise<Part> => ({
    title: `Task 1. ${title}`,
    unit: "piece",
    seconds: size.theoremSeconds[name],
    done: await readCheck(folder, name) === null ? 0 : 1,
    work: () => checkTheorem(context, name),
  })));
  const hasSelfTests = await readSelfTests(folder) !== null;
  const hasGradients = await readGradients(folder) !== null;
  const hasResults = hasSelfTests && hasGradients &&
    await exists(homeworkFile(folder, "results"));
  const hasReport = hasResults && await exists(homeworkFile(folder, "report"));
  const training = async (name: TrainingName): Promise<Part> => {
    const { seconds, lastStep } = size[name];
    const timeOf = (fraction: number) =>
      fraction * (2 + (lastStep - 1) * fraction) / (1 + lastStep);
    return {
      title: trainings[name].title,
      unit: "step",
      seconds,
      // A run with all of its steps may still lack the files written after the last one, which the
      // report needs; training again completes them.
      done: hasReport ? 1 : Math.min(0.999, timeOf(await trained(context, name))),
      timeOf,
      work: (progress) => train(context, name, progress),
    };
  };
  return [
    ...theory,
    {
      title: "Self-tests",
      unit: "piece",
      seconds: size.selfTestSeconds,
      done: hasSelfTests ? 1 : 0,
      work: () => doSelfTests(context),
    },
    ...await Promise.all(trainingNames.map(training)),
    {
      title: "Task 2: exact trace or Hutchinson, direct gradient or adjoint",
      unit: "piece",
      seconds: size.gradients.seconds,
      done: hasGradients ? 1 : 0,
      work: () => doGradients(context),
    },
    {
      title: "Evaluation",
      unit: "piece",
      seconds: size.evaluationSeconds,
      done: hasResults ? 1 : 0,
      work: () => writeResults(context),
    },
    {
      title: "Report",
      unit: "piece",
      seconds: size.reportSeconds,
      done: hasReport ? 1 : 0,
      work: (progress) => makeReport(context, progress),
    },
  ];
}

async function checkTheorem(context: HomeworkContext, name: TheoremName): Promise<void> {
  const { folder, options: { seed, backend }, say } = context;
  const theorem = await context.loadTheorem(name);
  const text = JSON.stringify((await runCheck(theorem, { seed, backend })).check, null, 2);
  // Draw from the parsed JSON, so that the picture is the same in a later session.
  const check: TheoremCheck = JSON.parse(text);
  await writeFileAtomic(theoremFile(folder, name, "png"), await theorem.picture(check));
  await writeFileAtomic(theoremFile(folder, name, "json"), `${text}\n`);
  const passed = check.claims.filter(({ pass }) => pass).length;
  say(`${name}: ${passed} of ${check.claims.length} claims hold`);
}

async function doSelfTests({ folder, options: { seed, backend }, say }: HomeworkContext) {
  const tests = await runSelfTests({ seed, backend });
  await writeJson(homeworkFile(folder, "selfTests"), tests);
  const claims = tests.flatMap((test) => test.claims);
  say(`self-tests: ${claims.filter(({ pass }) => pass).length} of ${claims.length} checks pass`);
}

/** Compares the ways to compute the gradient of the trained continuous normalizing flow. */
async function doGradients({ folder, size, options: { seed, backend } }: HomeworkContext) {
  const { draws, repeats } = size.gradients;
  const run = await readTrained(folder, "cnf");
  const comparison = await compareRunGradients(run, { seed, backend, draws, repeats });
  await writeJson(homeworkFile(folder, "gradients"), comparison);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Fraction of a training done by earlier sessions, from 0 to 1. */
async function trained({ folder, size }: HomeworkContext, name: TrainingName): Promise<number> {
  const metrics = await readMetrics(runOf(folder, name));
  return (metrics?.steps ?? 0) / size[name].options.steps;
}

async function train(
  context: HomeworkContext,
  name: TrainingName,
  progress: Progress,
): Promise<void> {
  const { folder, size, quiet, options: { seed, backend } } = context;
  const run = runOf(folder, name);
  const isBegun = await exists(runFile(run, "config"));
  const options = isBegun ? { resume: true } : { ...size[name].options, seed };
  await trainRun(trainings[name].model, { ...options, backend, run, quiet }, {
    shown: progress,
    evaluatesUntrained: true,
  });
}

/** Writes `results.json`, the results of all parts. */
async function writeResults({ folder, size, options }: HomeworkContext): Promise<void> {
  const results: Record<string, unknown> = { ...options };
  for (const { name } of problems) {
    const { pass, claims } = (await readCheck(folder, name))!;
    results[name] = { pass, claims };
  }
  for (const { name, pass, claims } of (await readSelfTests(folder))!) {
    results[name] = { pass, claims };
  }
  results.gradients = await readGradients(folder);
  for (const name of trainingNames) {
    const run = runOf(folder, name);
    const { backend } = options;
    const { steps, stepMs, seconds } = (await readMetrics(run))!;
    const n = size[name].testRows;
    results[name] = {
      ...await evaluateRun({ n, backend, quiet: true }, run),
      steps,
      stepMs,
      seconds,
      epochs: epochLosses(await readLog(runFile(run, "log"))),
    };
  }
  await writeJson(homeworkFile(folder, "results"), results);
}

async function makeReport(context: HomeworkContext, progress: Progress): Promise<void> {
  const { folder, options, loadTheorem, command } = context;
  const path = homeworkFile(folder, "report");
  const document = await homeworkDocument(folder, {
    options,
    loadTheorem,
    command,
    folder: folderInWords(path),
    onProgress: progress.update,
  });
  await writeReport(document, reportPlace(path));
}

/**
 * @throws {FailureError} If a theorem's check or a self-test failed.
 */
async function requirePassed({ folder }: HomeworkContext): Promise<void> {
  const checks = await Promise.all(problems.map(({ name }) => readCheck(folder, name)));
  for (
    const { name, pass, claims } of [
      ...checks.map((check) => check!),
      ...(await readSelfTests(folder))!,
    ]
  ) {
    if (pass) continue;
    const { statement, observed, expected } = claims.find((claim) => !claim.pass)!;
    throw new FailureError(
      `the check of ${name} failed: ${statement}: expected ${expected}, found ${observed}; ` +
        `see ${shownPath(homeworkFile(folder, "report"))}`,
    );
  }
}
