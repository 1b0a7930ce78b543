import { cpus } from "node:os";
import { dirname } from "node:path";
import * as v from "valibot";
import type { Adapter } from "../../backends/adapters.ts";
import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import { MAX_JSON_BYTES } from "../../core/files/bounded_file.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import { readOwnText } from "../../core/files/own_file.ts";
import type { Tiles } from "../../ode/engines/gpu/tiles/chosen_tiles.ts";
import type { BackendChoice } from "./backend_choice.ts";
import type { StepShape } from "./step_shape.ts";

/** Where measured times are kept between runs. */
export interface EngineTimesFile {
  /** Path of the JSON file; made when there is something to keep. */
  readonly file: string;
  /** Fluxion's version: another one measures anew. */
  readonly version: string;
}

/** Fields of an adapter by which it is known again. */
export type AdapterName = Pick<Adapter, "vendor" | "architecture" | "device" | "description">;

const text = v.string();
const ms = v.pipe(v.number(), v.finite(), v.minValue(0));
const day = v.pipe(v.number(), v.finite());
const machineSchema = v.strictObject({
  cpu: text,
  cores: v.number(),
  platform: text,
  version: text,
});

const timesSchema = v.strictObject({
  machine: machineSchema,
  adapter: text,
  shape: v.record(text, v.union([text, v.number()])),
  choice: v.strictObject({
    backend: v.picklist(["cpu", "webgpu"]),
    adapter: text,
    cpuMs: ms,
    webgpuMs: ms,
  }),
  atMs: day,
});

const few = v.picklist([1, 2]);
const tileSchema = v.strictObject({ rows: few, quads: few, unroll: few });

const tilesSchema = v.strictObject({
  machine: machineSchema,
  adapter: text,
  shape: text,
  tiles: v.strictObject({ solve: tileSchema, pullBack: tileSchema }),
});

const softwareSchema = v.strictObject({ machine: machineSchema, adapter: text, atMs: day });

/** Entries are parsed one by one: those of another version of Fluxion are kept, and not read. */
const fileSchema = v.looseObject({
  format: v.literal(1),
  software: v.optional(v.unknown()),
  times: v.array(v.unknown()),
  tiles: v.optional(v.array(v.unknown())),
});

/** A measurement. */
export interface EngineTimes {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** Of the step. */
  readonly shape: StepShape;
  /** The times and the faster backend. */
  readonly choice: BackendChoice;
}

type Content = v.InferOutput<typeof fileSchema>;
const EMPTY: Content = { format: 1, times: [] };

/** Measurements that the file holds; the oldest go first. */
const MOST_TIMES = 200;

/** A software adapter is asked for again after a day: to ask loads its driver, 70 MB for Mesa's. */
const SOFTWARE_MS = 86_400_000;

/** What a measurement is of, besides its shape. A home folder may be shared by different machines. */
function machineOf({ version }: EngineTimesFile): v.InferOutput<typeof machineSchema> {
  const mayAsk = Deno.permissions.querySync({ name: "sys", kind: "cpus" }).state === "granted";
  const cores = navigator.hardwareConcurrency;
  const { os, arch } = Deno.build;
  return { cpu: mayAsk ? cpus()[0]?.model ?? "" : "", cores, platform: `${os} ${arch}`, version };
}

function isSame(a: unknown, b: unknown): boolean {
  const sorted = (record: unknown) => JSON.stringify(Object.entries(record as object).sort());
  return sorted(a) === sorted(b);
}

function keyOf({ vendor, architecture, device, description }: AdapterName): string {
  return [description, vendor, architecture, device].join(", ");
}

/** The entries that a schema knows. */
function known<T>(schema: v.GenericSchema<unknown, T>, entries: readonly unknown[]): T[] {
  return entries.flatMap((entry) => {
    const parsed = v.safeParse(schema, entry);
    return parsed.success ? [parsed.output] : [];
  });
}

/** The file's content; empty if it is missing, damaged or of a later format. */
async function read({ file }: EngineTimesFile): Promise<Content> {
  try {
    return v.parse(fileSchema, parseJson(await readOwnText(file, MAX_JSON_BYTES)));
  } catch {
    return EMPTY;
  }
}

/** Writes the file if its folder can be written. */
async function write({ file }: EngineTimesFile, content: Content): Promise<void> {
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, JSON.stringify(content, null, 1) + "\n");
  } catch {
    // Measured again by the next run.
  }
}

/** The measurements of this machine, latest first. */
export async function knownTimes(at: EngineTimesFile): Promise<readonly EngineTimes[]> {
  const machine = machineOf(at);
  const { times } = await read(at);
  return known(timesSchema, times).filter((one) => isSame(one.machine, machine)).reverse();
}

/** The choice measured for an adapter and a shape; null if there is none. */
export async function findTimes(
  at: EngineTimesFile,
  { adapter, shape }: { readonly adapter: AdapterName; readonly shape: StepShape },
): Promise<BackendChoice | null> {
  const machine = machineOf(at), key = keyOf(adapter);
  const { times } = await read(at);
  const found = known(timesSchema, times).findLast((one) =>
    one.adapter === key && isSame(one.shape, shape) && isSame(one.machine, machine)
  );
  return found?.choice ?? null;
}

/** Keeps a measurement, unless a backend took no step: what it lacked it may have next time. */
export async function keepTimes(
  at: EngineTimesFile,
  { adapter, shape, choice, atMs }: EngineTimes & { readonly adapter: AdapterName },
): Promise<void> {
  if (choice.cpuMs === null || choice.webgpuMs === null) return;
  const { software: _, ...content } = await read(at);
  const made = { machine: machineOf(at), adapter: keyOf(adapter), shape, choice, atMs };
  await write(at, { ...content, times: [...content.times, made].slice(-MOST_TIMES) });
}

/** The tiles of a GPU's shaders that were timed on an adapter, by their shapes' keys. */
export async function findTiles(
  at: EngineTimesFile,
  adapter: AdapterName,
): Promise<ReadonlyMap<string, Tiles>> {
  const machine = machineOf(at), key = keyOf(adapter);
  const { tiles = [] } = await read(at);
  const here = known(tilesSchema, tiles).filter((one) =>
    one.adapter === key && isSame(one.machine, machine)
  );
  return new Map(here.map(({ shape, tiles }) => [shape, tiles]));
}

/** Keeps tiles that the file has not. */
export async function keepTiles(
  at: EngineTimesFile,
  adapter: AdapterName,
  chosen: ReadonlyMap<string, Tiles>,
): Promise<void> {
  if (chosen.size === 0) return;
  const before = await findTiles(at, adapter), machine = machineOf(at);
  const made = [...chosen].filter(([shape]) => !before.has(shape)).map(([shape, tiles]) => ({
    ...{ machine, adapter: keyOf(adapter), shape, tiles },
  }));
  if (made.length === 0) return;
  const { tiles = [], ...content } = await read(at);
  const parsed = v.safeParse(v.array(tilesSchema), made);
  if (parsed.success) {
    await write(at, { ...content, tiles: [...tiles, ...parsed.output].slice(-MOST_TIMES) });
  }
}

/** Name of the software adapter that was this machine's only one within a day; null if unknown. */
export async function knownSoftware(at: EngineTimesFile, nowMs: number): Promise<string | null> {
  const [software] = known(softwareSchema, [(await read(at)).software]);
  if (software === undefined || !isSame(software.machine, machineOf(at))) return null;
  const age = nowMs - software.atMs;
  return age >= 0 && age < SOFTWARE_MS ? software.adapter : null;
}

/** Keeps that this machine has a software adapter only. */
export async function keepSoftware(
  at: EngineTimesFile,
  adapter: AdapterName,
  nowMs: number,
): Promise<void> {
  const software = { machine: machineOf(at), adapter: adapter.description, atMs: nowMs };
  await write(at, { ...await read(at), software });
}
