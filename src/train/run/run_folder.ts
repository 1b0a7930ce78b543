import { MAX_INPUT_BYTES, MAX_JSON_BYTES } from "../../core/files/bounded_file.ts";
import { FailureError, InputError } from "../../core/errors.ts";
import { tryLockFile } from "../../core/files/file_lock.ts";
import { readOwnText, requireOwnFileIfAny } from "../../core/files/own_file.ts";
import { systemFault, systemWords } from "../../core/files/system_fault.ts";
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

/** Size limits in bytes: a checkpoint holds the weights up to five times. */
export const maxRunFileBytes = {
  config: MAX_JSON_BYTES,
  model: MAX_INPUT_BYTES,
  checkpoint: 5 * MAX_INPUT_BYTES,
} as const;

/** Path of a file of a run. */
export function runFile(run: string, file: keyof typeof runFiles): string {
  return `${run.replace(/\/+$/, "")}/${runFiles[file]}`;
}

/** Path of the samples picture after an epoch, from 1: `samples/epoch-0001.png`. */
export function samplesFile(run: string, epoch: number): string {
  return `${runFile(run, "samples")}/epoch-${String(epoch).padStart(4, "0")}.png`;
}

/** How long to wait for the process that holds a resumed run: a long step and its checkpoint. */
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 100;

/** How long a new run waits: {@link isHeld} of another process has the lock for a moment. */
const LOCK_GRACE_MS = 250;

const SAMPLES_NAME = /^epoch-\d+\.(png|safetensors)$/;

/**
 * The epoch of a file in a run's `samples` folder; null if the name does not have a run's format.
 */
export function epochOf(name: string, ending: "png" | "safetensors"): number | null {
  const epoch = Number(/^epoch-(\d+)\./.exec(name)?.[1] ?? NaN);
  const own = `epoch-${String(epoch).padStart(4, "0")}.${ending}`;
  return epoch >= 1 && Number.isSafeInteger(epoch) && name === own ? epoch : null;
}

/**
 * `new`: the folder must not be a run yet. `overwrite`: removes the files of an existing run except
 * its config, which the new run replaces. `resume`: the folder must be a run.
 */
export type RunMode = "new" | "resume" | "overwrite";

/** A run folder, locked for this process until disposed. */
export interface HeldRun extends Disposable {
  readonly path: string;
}

/**
 * Creates or checks a run folder and locks it for training.
 *
 * The lock is the system's (flock): it ends with the process, however that ends, and leaves an
 * empty file. Resuming waits some seconds for it, because under `deno task` Ctrl-C returns to the
 * prompt before the program has written its checkpoint.
 *
 * @param path The folder, or null for the next free `ROOT/NAME-0001`.
 * @param options.onWait Called once if it has to wait for the lock.
 * @param options.signal Cancels the wait; its reason is thrown.
 * @throws {InputError} If the folder exists but must not, is not a run but must be, cannot be
 *   written, or is in use by another training process.
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
      throw new InputError(`${option("mode", mode)}: name the run with ${option("run")}`);
    }
    return lock(await createNumbered(root, name));
  }
  await requireUsable(path, mode);
  if (mode !== "resume") await attempt(path, () => Deno.mkdir(path, { recursive: true }));
  const held = await lock(path, mode === "resume" ? options : null);
  try {
    // Check again, now that no other process can write here.
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
 * Reports early, before anything is computed or written, that {@link holdRun} would refuse the
 * folder because of its contents.
 *
 * @throws {InputError} If it would.
 */
export async function requireUsable(path: string, mode: RunMode): Promise<void> {
  const content = await namesIn(path);
  const isRun = content !== null && content.includes(runFiles.config);
  if (mode === "resume") {
    if (!isRun) {
      const remedy = content === null
        ? "name a run's folder"
        : `no run was started there; start it without ${
          option("mode", mode)
        }, or name a run's folder`;
      throw new InputError(`${path}: not a run folder: it has no ${runFiles.config}; ${remedy}`);
    }
    return;
  }
  // A process killed right at the start leaves its lock and temporary files.
  const isLeft = (name: string) => name === runFiles.lock || isTorn(name) || isTemporaryName(name);
  if (content === null || content.every(isLeft)) return;
  if (mode === "new") {
    throw new InputError(
      isRun
        ? `${path}: exists; train with ${option("mode", "resume")} continues it, ` +
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

/** Names in a folder; null if it does not exist. */
async function namesIn(path: string): Promise<string[] | null> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotADirectory) {
      const isFile = await Deno.stat(path).then(() => true, () => false);
      throw new InputError(
        `${path}: ${isFile ? "is a file" : systemWords(error)}; choose a folder with ${
          option("run")
        }`,
      );
    }
    throw cannotUse(path, error);
  }
}

async function isRunConfig(path: string): Promise<boolean> {
  try {
    return parseConfigJson(await readOwnText(path, MAX_JSON_BYTES), path).network !==
      undefined;
  } catch {
    return false;
  }
}

/**
 * Removes all files of a run except its config, and no others. The new config replaces the old one
 * afterwards: if the process is killed in between, the folder is still a run, which resumes from
 * the beginning.
 */
async function removeRunFiles(path: string): Promise<void> {
  // Remove the checkpoint first: without it, the run restarts from scratch.
  await removeFile(runFile(path, "checkpoint"));
  const samples = runFile(path, "samples");
  // A symbolic link may lead to another run's samples.
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

/** Removes temporary files of processes that were killed while writing. */
async function removeTornFiles(path: string): Promise<void> {
  for (const folder of [path, runFile(path, "samples")]) {
    for (const name of (await namesIn(folder) ?? []).filter(isTorn)) {
      await Deno.remove(`${folder}/${name}`);
    }
    await sweepTemporaries(folder);
  }
}

/** Whether a name is that of a temporary file of earlier versions, which did not lock them. */
function isTorn(name: string): boolean {
  return name.endsWith(".tmp") && !isTemporaryName(name) &&
    (/^epoch-\d+\.png\./.test(name) ||
      Object.values(runFiles).some((file) => name.startsWith(`${file}.`)));
}

/** Creates the folder with the next number after the highest existing one. */
async function createNumbered(root: string, name: string): Promise<string> {
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
      // Another process took this number in the meantime.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw cannotUse(path, error);
    }
  }
}

async function lock(
  path: string,
  waiting: Pick<Parameters<typeof holdRun>[1], "onWait" | "signal"> | null = null,
): Promise<HeldRun> {
  const file = await attempt(path, async () => {
    await requireOwnFileIfAny(runFile(path, "lock"));
    return await Deno.open(runFile(path, "lock"), { write: true, create: true });
  });
  try {
    const deadline = performance.now() + (waiting === null ? LOCK_GRACE_MS : LOCK_WAIT_MS);
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

/** Whether another process is training in a run. */
export async function isHeld(run: string): Promise<boolean> {
  let file: Deno.FsFile;
  try {
    // Opening a pipe blocks until another process writes to it.
    if (!(await Deno.stat(runFile(run, "lock"))).isFile) return false;
    file = await Deno.open(runFile(run, "lock"));
  } catch {
    return false;
  }
  try {
    return !await tryLockFile(file);
  } finally {
    file.close();
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw cannotUse(path, error);
  }
}

/** A system error as a message with a remedy. */
function cannotUse(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof InputError) return error;
  if (systemFault(error) === "full") {
    return new FailureError(`${path}: no room left on the disk; free some space and try again`);
  }
  return new InputError(
    `${path}: cannot be used as a run folder (${systemWords(error)}); choose another with ${
      option("run")
    }`,
  );
}

/** Endings that say how data are written, not what they are. */
const DATA_ENDINGS = /(\.(csv|tsv|txt|parquet|npy|npz|idx|gz))+$/i;

/** Default run name for a data set: `cnf-moons`, `fm-train-images-idx3-ubyte`. */
export function runName(model: string, data: string): string {
  const file = data.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1)!;
  const stem = data === "-" ? "stdin" : file.replace(DATA_ENDINGS, "");
  return `${model}-${stem.replace(/[^A-Za-z0-9._-]+/g, "-")}`;
}

/**
 * The most recently written run in a folder of runs.
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

/** Time of the last write to a run, in ms; null if it is not a run. */
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
