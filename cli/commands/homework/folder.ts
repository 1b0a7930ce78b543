import { InputError } from "@fluxion/fluxion/core";
import {
  isTemporaryName,
  MAX_JSON_BYTES,
  parseJson,
  readOwnText,
  requireOwnFileIfAny,
  sweepTemporaries,
  writeFileAtomic,
} from "@fluxion/fluxion/files";
import type { GradientComparison, SelfTest } from "@fluxion/fluxion/report";
import type { TheoremCheck, TheoremName } from "@fluxion/fluxion/theory";
import { shownPath } from "../../paths.ts";
import { type TrainingName, trainingNames, trainings } from "./trainings.ts";

/** The options that determine a homework's results. */
export interface HomeworkOptions {
  readonly size: string;
  readonly seed: number;
  readonly backend: "auto" | "webgpu" | "cpu";
}

/** A homework's folder, locked for this process until disposed. */
export interface HeldHomework extends Disposable {
  /** Absolute path without a trailing slash. */
  readonly path: string;
}

/** File names in a homework's folder. */
const names = {
  options: "homework.json",
  results: "results.json",
  report: "report.html",
  selfTests: "self_tests.json",
  gradients: "gradients.json",
  theory: "theory",
  runs: "runs",
  lock: ".lock",
} as const;

/** Version of the folder layout, incremented by incompatible changes. */
const FORMAT = 2;

/** Path of a file of a homework. */
export function homeworkFile(
  folder: string,
  file: "results" | "report" | "selfTests" | "gradients",
): string {
  return `${folder}/${names[file]}`;
}

/** Path of a theorem's check result or picture. */
export function theoremFile(folder: string, name: TheoremName, ending: "json" | "png"): string {
  return `${folder}/${names.theory}/${name}.${ending}`;
}

/** Reads a check result of an earlier session; null if it is missing or incomplete. */
export function readCheck(folder: string, name: TheoremName): Promise<TheoremCheck | null> {
  return readResult(theoremFile(folder, name, "json"), isCheck);
}

/** Reads the self-tests of an earlier session; null if they are missing or incomplete. */
export function readSelfTests(folder: string): Promise<readonly SelfTest[] | null> {
  const areTests = (value: unknown): value is readonly SelfTest[] =>
    Array.isArray(value) && value.every(isCheck);
  return readResult(homeworkFile(folder, "selfTests"), areTests);
}

/** Reads the comparison of gradients of an earlier session; null if it is missing or incomplete. */
export function readGradients(folder: string): Promise<GradientComparison | null> {
  const isComparison = (value: unknown): value is GradientComparison => {
    const { figures, probes } = (value ?? {}) as Partial<GradientComparison>;
    return Array.isArray(figures) && Array.isArray(probes?.meanErrors);
  };
  return readResult(homeworkFile(folder, "gradients"), isComparison);
}

async function readResult<T>(
  path: string,
  isWhole: (value: unknown) => value is T,
): Promise<T | null> {
  try {
    const value: unknown = parseJson(await readOwnText(path, MAX_JSON_BYTES));
    return isWhole(value) ? value : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether a value has the fields that all check results share. */
function isCheck(value: unknown): value is TheoremCheck {
  const { pass, claims } = (value ?? {}) as Partial<TheoremCheck>;
  return typeof pass === "boolean" && Array.isArray(claims) &&
    claims.every((claim) => typeof claim?.pass === "boolean");
}

/** Folder of one of the homework's runs. */
export function runOf(folder: string, training: TrainingName): string {
  return `${folder}/${names.runs}/${trainings[training].folder}`;
}

/**
 * Locks a folder for a homework: creates it, or continues the homework that it holds.
 *
 * @param path Absolute path.
 * @param settings.overwrite Whether to remove an existing homework.
 * @throws {InputError} If the folder has other files, holds a homework with other options, or is
 *   in use by another process. Nothing has been written then.
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
    // Check again, now that the folder is locked.
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
 * @throws {InputError} If the folder cannot be used.
 */
async function requireUsable(
  path: string,
  { options, overwrite }: { readonly options: HomeworkOptions; readonly overwrite: boolean },
): Promise<boolean> {
  const shown = shownPath(path);
  const content = await namesIn(path);
  if (!content.includes(names.options)) {
    // Left behind by a process that was killed right at its start.
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
      `${shown}: holds a homework with ${optionText(key, stored[key])}, not ${
        optionText(key, options[key])
      }; ` +
        "ask for the same to go on with it, choose another folder with --out, or pass --overwrite",
    );
  }
  return true;
}

/** An option as spelled on the command line. */
function optionText(key: keyof HomeworkOptions, value: string | number): string {
  if (key !== "size") return `--${key} ${value}`;
  return value === "full" ? "the full size (no --quick)" : `--${value}`;
}

/**
 * Reads the options of the homework in a folder.
 *
 * @throws {InputError} If the folder holds none, or one of another version.
 */
export async function readHomeworkOptions(folder: string): Promise<HomeworkOptions> {
  const path = `${folder}/${names.options}`;
  try {
    const { format, size, seed, backend } = parseJson(
      await readOwnText(path, MAX_JSON_BYTES),
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

/** Names in a folder; empty if there is no folder. */
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

/** Whether a file is a temporary one left by a killed process of an earlier version. */
function isTorn(name: string): boolean {
  return /\.[0-9a-f-]{36}\.tmp$/.test(name);
}

async function removeTornFiles(folder: string): Promise<void> {
  for (const name of (await namesIn(folder)).filter(isTorn)) await Deno.remove(`${folder}/${name}`);
  await sweepTemporaries(folder);
}

/**
 * Removes the files of a homework except its options, and no other files. The new options replace
 * the old ones later: without any, the folder would not be recognised as a homework.
 */
async function removeHomework(path: string): Promise<void> {
  const { options: _options, lock: _lock, ...others } = names;
  for (const name of Object.values(others)) {
    await Deno.remove(`${path}/${name}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Takes a system lock (flock), which ends with the process however that ends. */
async function lock(path: string): Promise<HeldHomework> {
  await requireOwnFileIfAny(`${path}/${names.lock}`);
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
