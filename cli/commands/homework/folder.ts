import { InputError } from "@fluxion/fluxion/core";
import {
  isTemporaryName,
  MAX_JSON_BYTES,
  parseJson,
  readBoundedText,
  sweepTemporaries,
  writeFileAtomic,
} from "@fluxion/fluxion/files";
import type { TheoremCheck, TheoremName } from "@fluxion/fluxion/theory";
import { shownPath } from "../../paths.ts";
import { type TrainingName, trainingNames, trainings } from "./trainings.ts";

/** What a homework is a function of. */
export interface HomeworkOptions {
  readonly size: string;
  readonly seed: number;
  readonly backend: "auto" | "webgpu" | "cpu";
}

/** A homework's folder, locked for this process until it is disposed. */
export interface HeldHomework extends Disposable {
  /** Absolute, without a slash at its end. */
  readonly path: string;
}

/** Names in a homework's folder. */
const names = {
  options: "homework.json",
  results: "results.json",
  report: "report.html",
  theory: "theory",
  runs: "runs",
  lock: ".lock",
} as const;

/** How the folder is laid out; a change that old programs cannot read adds one. */
const FORMAT = 2;

/** The path of a homework's results or report. */
export function homeworkFile(folder: string, file: "results" | "report"): string {
  return `${folder}/${names[file]}`;
}

/** The path of what the check of a theorem found, or of its picture. */
export function theoremFile(folder: string, name: TheoremName, ending: "json" | "png"): string {
  return `${folder}/${names.theory}/${name}.${ending}`;
}

/** What the check of a theorem found in an earlier session; null where that is not there or not whole. */
export async function readCheck(folder: string, name: TheoremName): Promise<TheoremCheck | null> {
  try {
    const text = await readBoundedText(theoremFile(folder, name, "json"), MAX_JSON_BYTES);
    const check = parseJson(text);
    return isCheck(check) ? check : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether it is what a check of a theorem finds, as far as every theorem's does. */
function isCheck(value: unknown): value is TheoremCheck {
  const { pass, claims } = (value ?? {}) as Partial<TheoremCheck>;
  return typeof pass === "boolean" && Array.isArray(claims) &&
    claims.every((claim) => typeof claim?.pass === "boolean");
}

/** The folder of one of the homework's runs. */
export function runOf(folder: string, training: TrainingName): string {
  return `${folder}/${names.runs}/${trainings[training].folder}`;
}

/**
 * Takes a folder for a homework: makes it, or goes on with the homework that it holds.
 *
 * @param path Absolute.
 * @param settings.overwrite Whether a homework that is there goes.
 * @throws {InputError} If the folder has other files, holds a homework with other options, or
 *   another process works in it. Nothing was written then.
 */
export async function holdHomework(
  path: string,
  settings: { readonly options: HomeworkOptions; readonly overwrite: boolean },
): Promise<HeldHomework> {
  const { options, overwrite } = settings;
  await requireUsable(path, settings);
  await Deno.mkdir(path, { recursive: true });
  const held = await lock(path);
  try {
    // Again, now that nobody else can write here.
    const isNew = !await requireUsable(path, settings);
    if (overwrite) await removeHomework(path);
    if (isNew || overwrite) {
      const text = JSON.stringify({ format: FORMAT, ...options }, null, 2);
      await writeFileAtomic(`${path}/${names.options}`, `${text}\n`);
    }
    for (const folder of [names.theory, names.runs]) {
      await Deno.mkdir(`${path}/${folder}`, { recursive: true });
    }
    const runs = trainingNames.map((training) => runOf(path, training));
    const written = [path, `${path}/${names.theory}`, ...runs];
    for (const folder of written) await removeTornFiles(folder);
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/**
 * Whether the folder holds a homework already.
 *
 * @throws {InputError} If it cannot be used.
 */
async function requireUsable(
  path: string,
  { options, overwrite }: { readonly options: HomeworkOptions; readonly overwrite: boolean },
): Promise<boolean> {
  const shown = shownPath(path);
  const content = await namesIn(path);
  if (!content.includes(names.options)) {
    // What a process that was killed at its very beginning left behind.
    const isLeft = (name: string) => name === names.lock || isTorn(name) || isTemporaryName(name);
    if (content.every(isLeft)) return false;
    throw new InputError(
      `${shown}: has files but is no homework; choose a new or an empty folder with --out`,
    );
  }
  const stored = await readHomeworkOptions(path);
  if (overwrite) return true;
  for (const key of ["size", "seed", "backend"] as const) {
    if (stored[key] === options[key]) continue;
    throw new InputError(
      `${shown}: holds a homework with ${words(key, stored[key])}, not ${
        words(key, options[key])
      }; ` +
        "ask for the same to go on with it, choose another folder with --out, or pass --overwrite",
    );
  }
  return true;
}

/** An option as the command line has it. */
function words(key: keyof HomeworkOptions, value: string | number): string {
  if (key !== "size") return `--${key} ${value}`;
  return value === "full" ? "the full size (no --quick)" : `--${value}`;
}

/**
 * What the homework in a folder was asked for.
 *
 * @throws {InputError} If the folder holds none, or one of another version.
 */
export async function readHomeworkOptions(folder: string): Promise<HomeworkOptions> {
  const path = `${folder}/${names.options}`;
  try {
    const { format, size, seed, backend } = parseJson(
      await readBoundedText(path, MAX_JSON_BYTES),
    ) as HomeworkOptions & { readonly format: unknown };
    if (format === FORMAT) return { size, seed, backend };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new InputError(`${shownPath(folder)}: holds no homework: there is no ${names.options}`);
    }
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new InputError(
    `${
      shownPath(path)
    }: not of a homework that this version made; choose another folder with --out`,
  );
}

/** The names in a folder; none where there is no folder. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (error instanceof Deno.errors.NotADirectory) {
      throw new InputError(`${shownPath(path)}: a file is in the way; choose a folder with --out`);
    }
    throw error;
  }
}

/** Whether a file is a temporary one of an earlier version's process that was killed. */
function isTorn(name: string): boolean {
  return /\.[0-9a-f-]{36}\.tmp$/.test(name);
}

async function removeTornFiles(folder: string): Promise<void> {
  for (const name of (await namesIn(folder)).filter(isTorn)) await Deno.remove(`${folder}/${name}`);
  await sweepTemporaries(folder);
}

/**
 * Removes what a homework leaves but its options, and nothing that someone put beside it. The new
 * options replace the old ones: without any the folder would be seen as somebody else's.
 */
async function removeHomework(path: string): Promise<void> {
  const { options: _options, lock: _lock, ...others } = names;
  for (const name of Object.values(others)) {
    await Deno.remove(`${path}/${name}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** The lock is the system's (flock): it ends with the process that holds it, however that ends. */
async function lock(path: string): Promise<HeldHomework> {
  const file = await Deno.open(`${path}/${names.lock}`, { write: true, create: true });
  const isHeld = await file.tryLock(true).catch((error) => {
    file.close();
    throw error;
  });
  if (isHeld) return { path, [Symbol.dispose]: () => file.close() };
  file.close();
  throw new InputError(
    `${shownPath(path)}: another process works in it; wait for it, or choose another folder ` +
      "with --out",
  );
}
