import { MAX_JSON_BYTES } from "../../core/files/bounded_file.ts";
import { readOwnText, requireOwnFile } from "../../core/files/own_file.ts";
import type { DataIdentity } from "../../data/dataset.ts";
import { InputError } from "../../core/errors.ts";
import { systemWords } from "../../core/files/system_fault.ts";
import type { NetworkRecord } from "../../nn/network.ts";
import { parseConfigJson } from "../config/config_file.ts";
import { trainOptionNames, type TrainOptions } from "../options/table.ts";
import { requireDeclaredSize } from "../weights/safetensors.ts";
import { isHeld, maxRunFileBytes, runFile, runFiles } from "./run_folder.ts";
import { parseMetrics, type RunMetrics } from "./run_metrics.ts";
import { readLog } from "./training_log.ts";

/**
 * `interrupted`: not all steps are done, and no process is training it. `running`: a process holds
 * its lock. `broken`: a file of it is damaged or missing, named by `reason`.
 */
export type RunState =
  | { readonly kind: "finished" | "interrupted" | "running" }
  | { readonly kind: "broken"; readonly reason: string };

/** What the files of a run tell without its tensors. */
export interface RunSummary {
  /** The run's folder. */
  readonly run: string;
  /** Whether it is finished, and if not, why. */
  readonly state: RunState;
  /** Options of its `config.json`; null if that is damaged. */
  readonly options: TrainOptions | null;
  /** Content of its data file; null for built-in data and runs of earlier versions. */
  readonly dataFile: DataIdentity | null;
  /** Content of its file of test rows; null if it has none. */
  readonly testFile: DataIdentity | null;
  /** Its network; null if `config.json` is damaged. */
  readonly network: NetworkRecord | null;
  /** Contents of `metrics.json`; null before the first checkpoint, or if it is damaged. */
  readonly metrics: RunMetrics | null;
  /** Training steps of its last checkpoint. */
  readonly steps: number;
  /** Steps of the whole run; null if that is not recorded (`epochs`, before the first checkpoint). */
  readonly totalSteps: number | null;
  /** Size on disk of the run's folder, in bytes. */
  readonly bytes: number;
  /**
   * Time of the last write to its config or checkpoint, in ms since 1970; null for a model that comes
   * with Fluxion.
   */
  readonly writtenMs: number | null;
}

/**
 * Summarises a run from its small files; reads no tensors.
 *
 * @throws {InputError} If the folder has no `config.json`.
 */
export async function summarizeRun(run: string): Promise<RunSummary> {
  const config = await configFile(run);
  if (config === null) {
    throw new InputError(`${run}: not a run folder: there is no ${runFile(run, "config")}`);
  }
  return await summaryOf(run, config);
}

/** Of a run that is removed meanwhile, that it is broken. */
async function summaryOf(run: string, found: Deno.FileInfo): Promise<RunSummary> {
  const checkpoint = await Deno.stat(runFile(run, "checkpoint")).catch(() => null);
  const measured = {
    run,
    bytes: await sizeOnDisk(run),
    writtenMs: Math.max(found.mtime?.getTime() ?? 0, checkpoint?.mtime?.getTime() ?? 0),
  };
  const unknown = { options: null, dataFile: null, testFile: null, network: null };
  const nothing = { ...unknown, metrics: null, steps: 0, totalSteps: null };
  try {
    const config = await readConfig(run);
    const { options } = config;
    const metrics = await readDamagedOrMetrics(run);
    const steps = metrics.value?.steps ?? 0;
    const known = { ...measured, ...config, metrics: metrics.value, steps };
    const totalSteps = options.steps ?? metrics.value?.totalSteps ?? null;
    const isDone = metrics.value !== null && checkpoint !== null &&
      (hasStoppedEarly(metrics.value, options) ||
        (totalSteps === null ? await hasLastEpoch(run, options, steps) : steps >= totalSteps));
    const state = await stateOf(run, {
      isDone,
      hasCheckpoint: checkpoint !== null,
      steps,
      damage: metrics.damage,
    });
    return { ...known, totalSteps: totalSteps ?? (isDone ? steps : null), state };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...measured, ...nothing, state: broken(run, error.message) };
  }
}

/** What a run's `config.json` tells of it. */
type ReadConfig =
  & { readonly options: TrainOptions }
  & Pick<RunSummary, "network" | "dataFile" | "testFile">;

/** The options and the network in a run's `config.json`. */
async function readConfig(run: string): Promise<ReadConfig> {
  const path = runFile(run, "config");
  let text: string;
  try {
    text = await readOwnText(path, MAX_JSON_BYTES);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: cannot be read (${systemWords(error)})`);
  }
  return readConfigOf(text, path);
}

/**
 * The options and the network in the text of a `config.json`.
 *
 * @param path Its name in messages.
 * @throws {InputError} If it is not a run's.
 */
export function readConfigOf(text: string, path: string): ReadConfig {
  const config = parseConfigJson(text, path);
  const { network, model } = config;
  if (network === undefined || model === undefined) {
    throw new InputError(`${path}: not a run's config: it has no network`);
  }
  const given = trainOptionNames.filter((name) => config[name] !== undefined);
  const { dataFile = null, testFile = null } = config;
  const options = Object.fromEntries(given.map((name) => [name, config[name]]));
  return { options, network, dataFile, testFile };
}

/** The metrics of a run, or why they cannot be read; both null if there are none yet. */
async function readDamagedOrMetrics(
  run: string,
): Promise<{ readonly value: RunMetrics | null; readonly damage: string | null }> {
  const path = runFile(run, "metrics");
  try {
    return { value: parseMetrics(await readOwnText(path, MAX_JSON_BYTES)), damage: null };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { value: null, damage: null };
    const isRefused = error instanceof Deno.errors.PermissionDenied;
    const damage = isRefused ? `cannot be read (${systemWords(error)})` : "is damaged";
    return { value: null, damage: `${path}: ${damage}` };
  }
}

async function stateOf(
  run: string,
  { isDone, hasCheckpoint, steps, damage }: {
    readonly isDone: boolean;
    readonly hasCheckpoint: boolean;
    readonly steps: number;
    readonly damage: string | null;
  },
): Promise<RunState> {
  if (!isDone && await isHeld(run)) return { kind: "running" };
  if (damage !== null) return broken(run, damage);
  if (!hasCheckpoint && steps > 0) return broken(run, `${runFile(run, "checkpoint")}: is missing`);
  const truncation = hasCheckpoint ? await truncationOf(runFile(run, "checkpoint")) : null;
  if (truncation !== null) return broken(run, truncation);
  return { kind: isDone ? "finished" : "interrupted" };
}

/** Why a file is no whole safetensors file, or null. */
async function truncationOf(path: string): Promise<string | null> {
  try {
    await requireOwnFile(path);
    await requireDeclaredSize(path, maxRunFileBytes.checkpoint);
    return null;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    return `${path}: cannot be read (${systemWords(error)})`;
  }
}

/** The state, with the reason relative to the run's folder. */
function broken(run: string, message: string): RunState {
  const folder = `${run.replace(/\/+$/, "")}/`;
  return { kind: "broken", reason: message.replaceAll(folder, "") };
}

/** Whether validation ended the run; one that was given more steps since then goes on. */
function hasStoppedEarly(metrics: RunMetrics, { steps }: TrainOptions): boolean {
  return metrics.stoppedEarly && (steps === undefined || steps === metrics.totalSteps);
}

/** Whether a run of an earlier version, which recorded no number of steps, did its last epoch. */
async function hasLastEpoch(run: string, { epochs }: TrainOptions, steps: number) {
  if (epochs === undefined) return false;
  const last = (await readLog(runFile(run, "log"))).evaluations.at(-1);
  return last !== undefined && last.step === steps && last.epoch >= epochs;
}

/** Bytes of the files in a folder and its subfolders; links are not followed. */
async function sizeOnDisk(folder: string): Promise<number> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(folder));
  } catch {
    return 0;
  }
  const sizes = await Promise.all(entries.map(async ({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return await sizeOnDisk(path);
    return (await Deno.lstat(path).catch(() => null))?.size ?? 0;
  }));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What {@link listRuns} finds in a folder. */
export interface RunList {
  /** Runs, the most recently written first: the first of `runs/` is `latest`. */
  readonly runs: readonly RunSummary[];
  /** Subfolders that are no runs, by name. */
  readonly others: readonly {
    readonly folder: string;
    /** Number of runs directly in it. */
    readonly runs: number;
  }[];
}

/** Runs that are read at the same time. */
const AT_ONCE = 16;

/**
 * Lists the runs in a folder.
 *
 * @param root A folder of runs such as `runs`, or a run itself.
 * @throws {InputError} If there is no such folder.
 */
export async function listRuns(root: string): Promise<RunList> {
  const own = await configFile(root);
  if (own !== null) return { runs: [await summaryOf(root, own)], others: [] };
  const folders = (await subfolders(root)).toSorted();
  const runs: RunSummary[] = [], others: { folder: string; runs: number }[] = [];
  const queue = folders.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const folder of queue) {
      const config = await configFile(folder);
      if (config !== null) runs.push(await summaryOf(folder, config));
      else others.push({ folder, runs: await countRuns(folder) });
    }
  }));
  const byFolder = (a: { readonly folder: string }, b: { readonly folder: string }) =>
    a.folder < b.folder ? -1 : 1;
  return {
    runs: runs.sort((a, b) => (b.writtenMs ?? 0) - (a.writtenMs ?? 0) || (a.run < b.run ? -1 : 1)),
    others: others.sort(byFolder),
  };
}

/** What the system tells of a run's `config.json`; null if the folder has none and is no run. */
async function configFile(folder: string): Promise<Deno.FileInfo | null> {
  const found = await Deno.stat(`${folder}/${runFiles.config}`).catch(() => null);
  return found?.isFile ? found : null;
}

async function countRuns(folder: string): Promise<number> {
  try {
    const inside = await subfolders(folder);
    return (await Promise.all(inside.map(configFile))).filter((found) => found !== null).length;
  } catch (error) {
    if (error instanceof InputError) return 0;
    throw error;
  }
}

/** Paths of the folders in a folder, links to folders included. */
async function subfolders(root: string): Promise<string[]> {
  const folder = root.replace(/\/+$/, "") || "/";
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    const paths = await Promise.all(entries.map(async ({ name, isDirectory, isSymlink }) => {
      const path = `${folder}/${name}`;
      if (isDirectory) return path;
      const isLink = isSymlink &&
        await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
      return isLink ? path : null;
    }));
    return paths.filter((path) => path !== null);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof InputError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw new InputError(`${root}: there is no such folder; name a run or a folder of runs`);
    }
    const isFile = await Deno.stat(root).then(({ isDirectory }) => !isDirectory, () => false);
    const words = isFile ? "is a file" : systemWords(error);
    throw new InputError(`${root}: ${words}; name a run or a folder of runs`);
  }
}
