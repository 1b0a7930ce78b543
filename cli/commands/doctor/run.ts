import { FailureError, InputError } from "@fluxion/fluxion/core";
import { listDatasets } from "@fluxion/fluxion/data";
import {
  type Adapter,
  type BackendKind,
  choose,
  diskRoom,
  fastestFlags,
  hasBoundsChecks,
  isSoftwareAdapter,
  listAdapters,
  type MatmulSpeed,
  measureMatmul,
  memoryRoom,
  openBackend,
  type Room,
  selfTest,
  type SelfTestResult,
  sharedMemoryWorkerTest,
  versions,
} from "@fluxion/fluxion/device";
import {
  type EngineTimes,
  knownTimes,
  solveSelfTest,
  type TypicalStep,
  typicalSteps,
} from "@fluxion/fluxion/program";
import type { DoctorFlags } from "./flags.ts";
import { engineTimesText, inTypedOptions, typicalStepsText } from "./steps_text.ts";
import { version } from "../../version.ts";
import { userFolder } from "../../paths.ts";
import { paint, printLine, printText } from "../../terminal/terminal.ts";
import { engineTimes } from "../../runs/engine_times.ts";
import { dataFolder } from "../../runs/open_data.ts";
import { deviceOptions } from "../../options/shared.ts";
import { asTypedOptions } from "../../options/spelling.ts";

/** Findings about one backend. */
interface BackendReport {
  readonly kind: BackendKind;
  /** The device and its driver; null if the backend is not available. */
  readonly description: string | null;
  /** Why it is not available. */
  readonly problem: string | null;
  readonly tests: readonly SelfTestResult[];
  readonly matmul: MatmulSpeed | null;
  /** What training steps use of a GPU; null if none were taken. */
  readonly steps: readonly TypicalStep[] | null;
}

/** How V8 runs WebAssembly in this process. */
interface WebAssemblyReport {
  /** Whether every access is bounds-checked; if not, reserved address space traps bad accesses. */
  readonly boundsChecks: boolean;
  /** DENO_V8_FLAGS for the fastest mode; null if that is active or there is none. */
  readonly fasterFlags: string | null;
}

/** Output of `fluxion doctor --json`. */
interface Report {
  readonly fluxion: string;
  readonly versions: Awaited<ReturnType<typeof versions>>;
  readonly adapters: readonly Adapter[];
  readonly backends: readonly BackendReport[];
  readonly auto: Readonly<Record<"points" | "images", ReturnType<typeof choose>>>;
  /** What `auto` measured for trainings on this machine, latest first. */
  readonly engineTimes: readonly EngineTimes[];
  readonly webAssembly: WebAssemblyReport;
  readonly worker: Awaited<ReturnType<typeof sharedMemoryWorkerTest>>;
  readonly memory: Room | null;
  /** Disk of the user's working directory. */
  readonly disk: Room | null;
  readonly dataFolder: string | null;
  readonly data: Awaited<ReturnType<typeof listDatasets>>;
}

/** `fluxion doctor`. */
export async function doctor({ json, backend = "auto" }: DoctorFlags): Promise<void> {
  const report = await examine(backend);
  if (json) printLine(JSON.stringify(report, null, 2));
  else for (const line of lines(report)) printText(line);
  const failed = report.backends.flatMap(({ kind, tests, steps }) => [
    ...tests.filter(({ ok }) => !ok).map(({ name }) => `${kind} ${name}`),
    ...(steps ?? []).filter(({ use }) => use === null).map(({ work }) =>
      `${kind} steps of ${work}`
    ),
  ]);
  if (!report.worker.ok) failed.push("worker with shared memory");
  if (failed.length > 0) {
    throw new FailureError(
      `self-test failed: ${failed.join(", ")}; use the other backend (--backend), and update ` +
        "the driver or Deno",
    );
  }
}

async function examine(request: "auto" | BackendKind): Promise<Report> {
  const adapters = await listAdapters();
  const first = adapters[0] ?? null;
  const folder = dataFolder();
  const isGpu = first !== null && !isSoftwareAdapter(first);
  const takesSteps = request === "webgpu" || (request === "auto" && isGpu);
  const backends = [
    await examineBackend("cpu", { takesSteps: false }),
    await examineBackend("webgpu", { takesSteps }),
  ];
  const times = engineTimes();
  return {
    fluxion: version,
    versions: await versions(),
    adapters,
    backends,
    engineTimes: times === null ? [] : await knownTimes(times),
    auto: { points: choose("auto", "points", first), images: choose("auto", "images", first) },
    webAssembly: examineWebAssembly(),
    worker: await sharedMemoryWorkerTest(),
    memory: await known(() => Promise.resolve(memoryRoom())),
    disk: await known(() => diskRoom(userFolder())),
    dataFolder: folder,
    data: await listDatasets(folder),
  };
}

function examineWebAssembly(): WebAssemblyReport {
  const boundsChecks = hasBoundsChecks();
  const flags = fastestFlags(Deno.build.arch).join(",");
  return { boundsChecks, fasterFlags: boundsChecks && flags !== "" ? flags : null };
}

/** Result of a query, or null if the system or the permissions refuse it. */
async function known<T>(find: () => Promise<T>): Promise<T | null> {
  try {
    return await find();
  } catch {
    return null;
  }
}

async function examineBackend(
  kind: BackendKind,
  { takesSteps }: { readonly takesSteps: boolean },
): Promise<BackendReport> {
  let backend;
  try {
    backend = await openBackend(kind);
  } catch (error) {
    if (!(error instanceof InputError || error instanceof FailureError)) throw error;
    return {
      kind,
      description: null,
      problem: asTypedOptions(error.message, deviceOptions),
      tests: [],
      ...{ matmul: null, steps: null },
    };
  }
  try {
    const tests = [...await selfTest(backend), await solveSelfTest(backend)];
    const works = tests.every(({ ok }) => ok);
    return {
      kind,
      description: backend.description,
      problem: null,
      tests,
      // The speed of wrong results is irrelevant, and a lost device would not respond.
      matmul: works ? await measureMatmul() : null,
      steps: works && takesSteps
        ? inTypedOptions(await typicalSteps(backend, { clock: () => performance.now() }))
        : null,
    };
  } finally {
    backend.close();
  }
}

/** Adapter limits that determine what can run; --json lists all. */
const shownLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** Measurements that are shown; --json lists all. */
const SHOWN_TIMES = 10;

function* lines(report: Report): Generator<string> {
  const heading = (text: string) => `\n${paint("bold", text, Deno.stdout)}`;
  const good = paint("green", "ok", Deno.stdout), bad = paint("red", "FAILED", Deno.stdout);
  const { deno, v8, tfjs, platform } = report.versions;
  yield `fluxion ${report.fluxion}, Deno ${deno} (V8 ${v8}), tfjs ${tfjs}, ${platform}`;

  for (const { kind, description, problem, tests, matmul } of report.backends) {
    yield heading(`Backend ${kind}`);
    if (problem !== null) yield `  ${problem}`;
    if (description !== null) yield `  ${description}`;
    for (const { name, ok, relativeError, message } of tests) {
      const why = message ?? `relative error ${relativeError.toExponential(1)}`;
      yield `  ${ok ? good : bad}  ${name} (${why})`;
    }
    if (matmul !== null) {
      yield `  matmul ${matmul.gflops.toPrecision(3)} GFLOP/s at ${matmul.size} x ${matmul.size}`;
    }
  }

  yield heading("--backend auto");
  const [gpu] = report.adapters;
  yield gpu === undefined || isSoftwareAdapter(gpu)
    ? "  training: cpu; there is no GPU"
    : "  training: by a step of the run's own shape, timed on both backends; the faster one runs";
  yield "  training of flow matching on points with net mlp, and of what the GPU engine does not take: cpu";
  for (const [work, { kind, reason }] of Object.entries(report.auto)) {
    yield `  other work on ${work}: ${kind}; ${reason}`;
  }
  yield* engineTimesText(report.engineTimes.slice(0, SHOWN_TIMES));
  yield "  training steps on the CPU, of points with net mlp: of flow matching fused, several per call; of a CNF " +
    "solved and pulled back without tensors";
  yield "  solves with --backend webgpu: whole, in shaders, with net mlp; as tensor operations with other nets, " +
    "energies, the adjoint gradient, control groups above 32 rows and tolerances below 1e-6";
  yield "  training steps of a CNF that is solved in shaders: recorded ahead of the host";
  yield "  all other training steps: as tensor operations";

  for (const { kind, tests, steps } of report.backends) {
    if (kind === "cpu" || tests.length === 0) continue;
    yield heading("Training steps on webgpu");
    yield* typicalStepsText({ tests, steps }, bad);
  }

  yield heading("WebGPU adapters");
  if (report.adapters.length === 0) yield "  none";
  for (const adapter of report.adapters) {
    const name = adapter.description || adapter.device || "unnamed";
    yield `  ${name}${isSoftwareAdapter(adapter) ? ", in software" : ""}`;
    yield `    features: ${adapter.features.join(", ") || "none"}`;
    for (const limit of shownLimits) yield `    ${limit}: ${adapter.limits[limit]}`;
  }

  yield heading("Machine");
  yield `  ${report.worker.ok ? good : bad}  ${report.worker.detail}`;
  yield `  WebAssembly: ${webAssemblyText(report.webAssembly)}`;
  yield `  memory: ${room(report.memory)}`;
  yield `  disk here: ${room(report.disk)}`;

  yield heading("Data");
  yield `  folder: ${report.dataFolder ?? "none; set FLUXION_DATA_DIR"}`;
  for (const { name, builtIn, download } of report.data) {
    const where = builtIn ? ["built in"] : [];
    if (download !== null) {
      const what = name === "mnist" ? "grey values " : "";
      where.push(`${what}${download.present ? "here" : `to get: fluxion data fetch ${name}`}`);
    }
    yield `  ${name}: ${where.join(", ")}`;
  }
}

function webAssemblyText({ boundsChecks, fasterFlags }: WebAssemblyReport): string {
  if (!boundsChecks) {
    return "V8 checks no bounds; each memory has 4 GiB of address space, so out-of-bounds accesses fault";
  }
  const faster = "up to twice as fast, where the address space is not limited, with DENO_V8_FLAGS=";
  return `V8 checks bounds${fasterFlags === null ? "" : `; ${faster}${fasterFlags}`}`;
}

function room(found: Room | null): string {
  if (found === null) return "unknown";
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return `${gibibytes(found.availableBytes)} free of ${gibibytes(found.totalBytes)}`;
}
