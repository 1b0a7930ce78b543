import { FailureError, Stopped, throwIfStopped } from "@fluxion/fluxion/core";
import { writeFileAtomic } from "@fluxion/fluxion/files";
import { putToTest, reportPlace, writeReport } from "@fluxion/fluxion/report";
import { readMetrics, runFile } from "@fluxion/fluxion/runs";
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
import { homeworkDocument } from "./document.ts";
import {
  holdHomework,
  homeworkFile,
  type HomeworkOptions,
  readCheck,
  runOf,
  theoremFile,
} from "./folder.ts";
import { type HomeworkSize, homeworkSizes } from "./sizes.ts";
import { TimeLeft } from "./time_left.ts";
import { type TrainingName, trainingNames, trainings } from "./trainings.ts";
import { interruptible } from "../../process/interrupt.ts";
import { exists, shownPath, userPath } from "../../paths.ts";
import { duration, type Progress, showProgress } from "../../terminal/progress.ts";
import { paint, printLine, type Say, speaker, writeResult } from "../../terminal/terminal.ts";
import { evaluateRun } from "../eval/run.ts";
import { trainRun } from "../train/run.ts";

const DEFAULT_FOLDER = "homework";

/** `fluxion homework`. */
export async function homework(flags: HomeworkFlags): Promise<void> {
  const name = flags.quick ? "quick" : "full";
  await doHomework(flags, { name, size: homeworkSizes[name], loadTheorem });
}

/** What a homework is made of. */
export interface Assignment {
  /** Of the size. */
  readonly name: string;
  readonly size: HomeworkSize;
  /** The theorems of Task 1. */
  readonly loadTheorem: (name: TheoremName) => Promise<Theorem>;
}

/** A homework that is being done. */
interface HomeworkContext extends Assignment {
  /** Absolute. */
  readonly folder: string;
  readonly options: HomeworkOptions;
  readonly quiet: boolean;
  readonly say: Say;
  /** Does the same homework, or goes on with it. */
  readonly command: string;
}

/** A piece of the homework. */
interface Part {
  readonly title: string;
  /** What its progress counts. */
  readonly unit: "step" | "piece";
  /** What all of it takes on the machine of the measurements. */
  readonly seconds: number;
  /** How much of it an earlier session did, from 0 to 1; parts that are done are not begun. */
  readonly done: number;
  /** What a fraction of its steps is of its time, both from 0 to 1; the same if left out. */
  readonly timeOf?: (fraction: number) => number;
  work(progress: Progress): Promise<void>;
}

/**
 * Does a homework, or what is left of it, and prints its folder or results.
 *
 * @throws {InputError} If the folder will not do.
 * @throws {FailureError} If a theorem's check failed (all else is done then), a loss is no
 *   number, a solve cannot go on, or the disk is full.
 * @throws {Interrupted} If Ctrl-C came; the message says how to go on.
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
  await interruptible({ words: "stopping", outcome }, async () => {
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

/** An estimate of seconds, no finer than it is good. */
function roughly(seconds: number): string {
  return duration(seconds < 90 ? Math.ceil(seconds / 10) * 10 : Math.ceil(seconds / 60) * 60)
    .replace(" 0 s", "");
}

/** All parts in the homework's order, as far as each is done. */
async function plan(context: HomeworkContext): Promise<readonly Part[]> {
  const { folder, size } = context;
  const theory = await Promise.all(problems.map(async ({ name, title }): Promise<Part> => ({
    title: `Task 1. ${title}`,
    unit: "piece",
    seconds: size.theoremSeconds[name],
    done: await readCheck(folder, name) === null ? 0 : 1,
    work: () => checkTheorem(context, name),
  })));
  const hasResults = await exists(homeworkFile(folder, "results"));
  const hasReport = hasResults && await exists(homeworkFile(folder, "report"));
  const training = async (name: TrainingName): Promise<Part> => {
    const { seconds, lastStep } = size[name];
    const timeOf = (fraction: number) =>
      fraction * (2 + (lastStep - 1) * fraction) / (1 + lastStep);
    return {
      title: trainings[name].title,
      unit: "step",
      seconds,
      // A run with all of its steps may lack what comes after the last, or have lost it: its
      // trainer knows, and the report is made of it.
      done: hasReport ? 1 : Math.min(0.999, timeOf(await trained(context, name))),
      timeOf,
      work: (progress) => train(context, name, progress),
    };
  };
  return [
    ...theory,
    ...await Promise.all(trainingNames.map(training)),
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
  const text = JSON.stringify((await putToTest(theorem, { seed, backend })).check, null, 2);
  // Drawn from what the file holds, so that it makes no difference in which session that was.
  const check: TheoremCheck = JSON.parse(text);
  await writeFileAtomic(theoremFile(folder, name, "png"), await theorem.picture(check));
  await writeFileAtomic(theoremFile(folder, name, "json"), `${text}\n`);
  const passed = check.claims.filter(({ pass }) => pass).length;
  say(`${name}: ${passed} of ${check.claims.length} claims hold`);
}

/** How much of a training earlier sessions did, from 0 to 1. */
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
  await trainRun(trainings[name].model, { ...options, backend, run, quiet }, progress);
}

/** `results.json`: what each part found. */
async function writeResults({ folder, size, options }: HomeworkContext): Promise<void> {
  const results: Record<string, unknown> = { ...options };
  for (const { name } of problems) {
    const { pass, claims } = (await readCheck(folder, name))!;
    results[name] = { pass, claims };
  }
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
    };
  }
  await writeFileAtomic(
    homeworkFile(folder, "results"),
    `${JSON.stringify(results, null, 2)}\n`,
  );
}

async function makeReport(context: HomeworkContext, progress: Progress): Promise<void> {
  const document = await homeworkDocument(context.folder, {
    ...context,
    onProgress: progress.update,
  });
  await writeReport(document, reportPlace(homeworkFile(context.folder, "report")));
}

/**
 * @throws {FailureError} If a theorem's check failed.
 */
async function requirePassed({ folder }: HomeworkContext): Promise<void> {
  for (const { name } of problems) {
    const { pass, claims } = (await readCheck(folder, name))!;
    if (pass) continue;
    const { statement, observed, expected } = claims.find((claim) => !claim.pass)!;
    throw new FailureError(
      `the check of ${name} failed: ${statement}: expected ${expected}, found ${observed}; ` +
        `see ${shownPath(homeworkFile(folder, "report"))}`,
    );
  }
}
