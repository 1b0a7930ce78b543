import { MOST_JSON_BYTES, readBoundedText } from "../../core/files/bounded_file.ts";
import { FailureError, InputError } from "../../core/errors.ts";
import { tryLockFile } from "../../core/files/file_lock.ts";
import { systemFault } from "../../core/files/system_fault.ts";
import { isTemporaryName, sweepTemporaries } from "../../core/files/temporary_file.ts";
import { parseConfigJson } from "../config/config_file.ts";
import { option } from "../../core/options/spelling.ts";

/** The files of a run, relative to its folder. */
export const runFiles = {
  config: "config.json",
  log: "log.jsonl",
  metrics: "metrics.json",
  model: "model.safetensors",
  checkpoint: "checkpoint.safetensors",
  curves: "curves.png",
  samples: "samples",
  lock: ".lock",
} as const;

/** The path of one of a run's files. */
export function runFile(run: string, file: keyof typeof runFiles): string {
  return `${run.replace(/\/+$/, "")}/${runFiles[file]}`;
}

/** The picture of the samples after an epoch, from 1: `samples/epoch-0001.png` in the run's folder. */
export function samplesFile(run: string, epoch: number): string {
  return `${runFile(run, "samples")}/epoch-${String(epoch).padStart(4, "0")}.png`;
}

/** How long a resumed run waits for the process that holds it: a long step and its checkpoint. */
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 100;

const SAMPLES_NAME = /^epoch-\d+\.(png|safetensors)$/;

/**
 * The epoch that a file in a run's `samples` is of; null where it has another name or kind than a
 * run gives one.
 */
export function epochOf(name: string, ending: "png" | "safetensors"): number | null {
  const epoch = Number(/^epoch-(\d+)\./.exec(name)?.[1] ?? NaN);
  const own = `epoch-${String(epoch).padStart(4, "0")}.${ending}`;
  return epoch >= 1 && Number.isSafeInteger(epoch) && name === own ? epoch : null;
}

/**
 * `new`: the folder must not be a run yet. `overwrite`: what a run left there goes, but its config,
 * which the new one is to replace. `resume`: it must be one.
 */
export type RunMode = "new" | "resume" | "overwrite";

/** A run's folder, locked for this process until it is disposed. */
export interface HeldRun extends Disposable {
  readonly path: string;
}

/**
 * Takes a run's folder for training: makes it or checks it, and locks it.
 *
 * The lock is the system's (flock): it ends with the process that holds it,
 * however that ends, and leaves an empty file. To resume, some seconds are waited for it: under
 * `deno task` Ctrl-C gives the prompt back before the program has written its checkpoint.
 *
 * @param path The folder, or null for the next free `ROOT/NAME-0001`.
 * @param options.onWait Called once if the lock is waited for.
 * @param options.signal Ends the waiting; its reason is thrown.
 * @throws {InputError} If the folder is there and should not be, is not a run and
 *   should be, cannot be written, or another process trains in it.
 */
export async function holdRun(
  path: string | null,
  options: {
    readonly mode: RunMode;
    readonly root: string;
    readonly name: string;
    readonly onWait?: (run: string, mostSeconds: number) => void;
    readonly signal?: AbortSignal;
  },
): Promise<HeldRun> {
  const { mode, root, name } = options;
  if (path === null) {
    if (mode === "resume") {
      throw new InputError(`${option("mode", mode)}: say which run with ${option("run")}`);
    }
    return lock(await makeNumbered(root, name));
  }
  await requireUsable(path, mode);
  if (mode !== "resume") await attempt(path, () => Deno.mkdir(path, { recursive: true }));
  const held = await lock(path, mode === "resume" ? options : null);
  try {
    // Again, now that nobody else can write here.
    await requireUsable(path, mode);
    if (mode === "overwrite") await attempt(path, () => removeRunFiles(path));
    await attempt(path, () => removeTornFiles(path));
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/**
 * Says early, before anything was computed or written, whether {@link holdRun}
 * would refuse the folder for what is in it.
 *
 * @throws {InputError} If so.
 */
export async function requireUsable(path: string, mode: RunMode): Promise<void> {
  const content = await namesIn(path);
  const isRun = content !== null && content.includes(runFiles.config);
  if (mode === "resume") {
    if (!isRun) {
      const remedy = content === null
        ? "name a run's folder"
        : `nothing was begun there; start it without ${
          option("mode", mode)
        }, or name a run's folder`;
      throw new InputError(`${path}: not a run folder: it has no ${runFiles.config}; ${remedy}`);
    }
    return;
  }
  // A process that was killed at its very beginning leaves its lock and what it was writing.
  const isLeft = (name: string) => name === runFiles.lock || isTorn(name) || isTemporaryName(name);
  if (content === null || content.every(isLeft)) return;
  if (mode === "new") {
    throw new InputError(
      isRun
        ? `${path}: exists; train with ${option("mode", "resume")} goes on with it, ` +
          `${option("mode", "overwrite")} replaces it, or choose another folder with ` +
          option("run")
        : `${path}: has files but is not a run folder; choose another folder with ${option("run")}`,
    );
  }
  const isOurs = isRun && await isRunConfig(`${path}/${runFiles.config}`);
  if (!isOurs) {
    throw new InputError(
      `${path}: has files but is not a run folder, and ${option("mode", mode)} replaces only ` +
        `those; choose another folder with ${option("run")}`,
    );
  }
}

/** The names in a folder; null where there is no folder. */
async function namesIn(path: string): Promise<string[] | null> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotADirectory) {
      throw new InputError(`${path}: is a file; choose a folder with ${option("run")}`);
    }
    throw cannotUse(path, error);
  }
}

async function isRunConfig(path: string): Promise<boolean> {
  try {
    return parseConfigJson(await readBoundedText(path, MOST_JSON_BYTES), path).network !==
      undefined;
  } catch {
    return false;
  }
}

/**
 * Removes what a run leaves but its config, and nothing that someone put beside it. The new run's
 * config replaces the old one: a process that is killed before leaves a run that resumes from its
 * beginning, never a folder that no command takes.
 */
async function removeRunFiles(path: string): Promise<void> {
  // First: without it the run makes everything anew.
  await removeFile(runFile(path, "checkpoint"));
  const samples = runFile(path, "samples");
  // What a link leads to may be another run's.
  if ((await Deno.lstat(samples).catch(() => null))?.isSymlink) await Deno.remove(samples);
  const pictures = (await namesIn(samples) ?? []).filter((name) => SAMPLES_NAME.test(name));
  for (const picture of pictures) await Deno.remove(`${samples}/${picture}`);
  for (const file of ["log", "metrics", "curves", "model"] as const) {
    await removeFile(runFile(path, file));
  }
}

async function removeFile(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Removes the temporary files of processes that were killed while they wrote one. */
async function removeTornFiles(path: string): Promise<void> {
  for (const folder of [path, runFile(path, "samples")]) {
    for (const name of (await namesIn(folder) ?? []).filter(isTorn)) {
      await Deno.remove(`${folder}/${name}`);
    }
    await sweepTemporaries(folder);
  }
}

/** Whether a name is that of a temporary file of earlier versions, which had no lock of their own. */
function isTorn(name: string): boolean {
  return name.endsWith(".tmp") && !isTemporaryName(name) &&
    (/^epoch-\d+\.png\./.test(name) ||
      Object.values(runFiles).some((file) => name.startsWith(`${file}.`)));
}

/** Makes the folder with the number after the highest that is there. */
async function makeNumbered(root: string, name: string): Promise<string> {
  await attempt(root, () => Deno.mkdir(root, { recursive: true }));
  const numbers = (await namesIn(root) ?? [])
    .filter((entry) => entry.startsWith(`${name}-`))
    .map((entry) => entry.slice(name.length + 1))
    .filter((number) => /^\d+$/.test(number))
    .map(Number);
  for (let number = Math.max(0, ...numbers) + 1;; number++) {
    const path = `${root}/${name}-${String(number).padStart(4, "0")}`;
    try {
      await Deno.mkdir(path);
      return path;
    } catch (error) {
      // Another run took the number in between.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw cannotUse(path, error);
    }
  }
}

async function lock(
  path: string,
  waiting: Pick<Parameters<typeof holdRun>[1], "onWait" | "signal"> | null = null,
): Promise<HeldRun> {
  const file = await attempt(
    path,
    () => Deno.open(runFile(path, "lock"), { write: true, create: true }),
  );
  try {
    const deadline = performance.now() + (waiting === null ? 0 : LOCK_WAIT_MS);
    for (let isFirst = true; !await tryLockFile(file); isFirst = false) {
      waiting?.signal?.throwIfAborted();
      if (performance.now() >= deadline) {
        throw new InputError(
          `${path}: another process is training in it; wait for it, or choose another folder ` +
            `with ${option("run")}`,
        );
      }
      if (isFirst) waiting?.onWait?.(path, LOCK_WAIT_MS / 1000);
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return { path, [Symbol.dispose]: () => file.close() };
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw cannotUse(path, error);
  }
}

/** What the system refused, as a person can mend it. */
function cannotUse(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof InputError) return error;
  if (systemFault(error) === "full") {
    return new FailureError(`${path}: no room left on the disk; free some space and try again`);
  }
  const what = error instanceof Deno.errors.NotCapable
    ? "this program was started without the permission to write there"
    : error.message.replace(/: [a-z]+ '.*'$/, "");
  return new InputError(
    `${path}: cannot be used as a run folder (${what}); choose another with ${option("run")}`,
  );
}

/** A name for a run of a data set: `cnf-moons`, `fm-train-images-idx3-ubyte`. */
export function runName(model: string, data: string): string {
  const file = data.split(/[/\\]/).at(-1)!;
  const stem = data === "-" ? "stdin" : file.replace(/(\.(csv|npy|idx|gz))+$/i, "");
  return `${model}-${stem.replace(/[^A-Za-z0-9._-]+/g, "-")}`;
}

/**
 * The run of a folder of runs that was written to last.
 *
 * @throws {InputError} If there is none.
 */
export async function latestRun(root: string): Promise<string> {
  let latest: { path: string; time: number } | null = null;
  for (const name of await namesIn(root) ?? []) {
    const path = `${root}/${name}`;
    const time = await lastWritten(path);
    if (time !== null && (latest === null || time > latest.time)) latest = { path, time };
  }
  if (latest === null) {
    throw new InputError(`latest: there is no run in ${root}; train one, or name a run's folder`);
  }
  return latest.path;
}

/** When a run was written to, in ms; null where there is no run. */
async function lastWritten(path: string): Promise<number | null> {
  const times = await Promise.all((["config", "checkpoint"] as const).map(async (file) => {
    try {
      return (await Deno.stat(runFile(path, file))).mtime?.getTime() ?? 0;
    } catch {
      return null;
    }
  }));
  return times[0] === null ? null : Math.max(times[0]!, times[1] ?? 0);
}
