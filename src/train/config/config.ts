import { namedNetworks, type NetName } from "../../nn/named_networks.ts";
import * as v from "valibot";
import { suggestion } from "../../core/suggestion.ts";
import type { FlowKind } from "../../flows/model.ts";
import type { Standardization } from "../../flows/standardization.ts";
import { isImageNetwork, type Network } from "../../nn/network.ts";
import { tableaus } from "../../ode/tableaus.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import { InputError } from "../../core/errors.ts";
import { named, quotedJson } from "../../core/quoted.ts";
import { configFileSchema, standardizationSchema, trainOptionsSchema } from "./config_schema.ts";

/**
 * Everything that a training run is a function of, with every default filled in.
 *
 * What means nothing for the chosen model, network or solver is absent. It is
 * what `config.json` holds; `solve_settings.ts` has the values that solves take.
 */
export interface TrainConfig {
  /** `cnf`: a continuous normalizing flow; `fm`: flow matching. */
  readonly model: FlowKind;
  /** Name of a data set, or the path of a file. */
  readonly data: string;
  /** Images only: pixels above 128 become 1, the others 0. */
  readonly binarize?: boolean;
  /** Points only: how columns are scaled for the model; `auto` is resolved when the run starts. */
  readonly standardize?: "auto" | "none" | "zscore" | "robust";
  /** Points of a file only: columns that are left out, by name or by number from 1. */
  readonly drop?: readonly (string | number)[];
  /** Velocity network: an mlp for points, a unet or a resnet for images; absent: a program's own. */
  readonly net?: NetName;
  /** Width of an mlp; even. */
  readonly hidden?: number;
  /** Filters of a resnet, even; of a unet at full size, a multiple of 4. */
  readonly filters?: number;
  /** Residual blocks of a resnet. */
  readonly blocks?: number;
  /** A run folder or a safetensors file whose weights the run starts from. */
  readonly init?: string;
  /** Training steps. Either this or `epochs` is there. */
  readonly steps?: number;
  /** Passes over the training data. */
  readonly epochs?: number;
  /** Rows of a training step. */
  readonly batchSize: number;
  /** Learning rate of Adam, at its highest. */
  readonly lr: number;
  /** How the learning rate goes on after the warm-up. */
  readonly schedule: "constant" | "cosine";
  /** Steps over which the learning rate rises to `lr`. */
  readonly warmup: number;
  /** Cosine only: the step at which the schedule ends; filled in when the run starts. */
  readonly lrHorizon?: number;
  /** Largest norm of the gradient; 0: not clipped. */
  readonly clip: number;
  /** L2 penalty, as torch.optim.Adam has it. */
  readonly weightDecay: number;
  /** Decay of the moving average of the weights; 0: none. */
  readonly ema: number;
  /** A CNF's solver of training; flow matching's solver of sample pictures. */
  readonly solver: string;
  /** Relative tolerance of an adaptive solver. */
  readonly rtol?: number;
  /** Absolute tolerance of an adaptive solver. */
  readonly atol?: number;
  /** Steps of a fixed-step solver. */
  readonly solverSteps?: number;
  /** Step attempts after which a solve gives up. */
  readonly maxSteps: number;
  /** Rows that share one step size. */
  readonly controlGroup: number | "batch";
  /** CNF only: how the divergence is found. */
  readonly trace?: "exact" | "hutchinson";
  /** Hutchinson's trace only: the distribution of its probes. */
  readonly probes?: "gaussian" | "rademacher";
  /** CNF only: through the solver's steps, or of the adjoint ODE. */
  readonly gradient?: "direct" | "adjoint";
  /** Flow matching only: width of the noise left around a data point. */
  readonly sigmaMin?: number;
  /** Of everything random. */
  readonly seed: number;
  /** Where to compute; `auto` decides by what was measured for the kind of data. */
  readonly backend: "auto" | "webgpu" | "cpu";
  /** At most so many threads of the CPU backend; absent: as many as there are cores. */
  readonly threads?: number;
  /** The same bits on every machine that computes on the CPU; absent: no. */
  readonly portableBits?: boolean;
  /** Epochs between evaluations; 0: only at the end. */
  readonly evalEvery: number;
  /** Epochs between sample pictures; 0: only at the end. */
  readonly sampleEvery: number;
  /** Seconds between checkpoints; 0: one after every step. */
  readonly saveSeconds: number;
}

/** The config of a run of one of Fluxion's networks. */
export interface NamedConfig extends TrainConfig {
  readonly net: NetName;
}

/** Options by name, none of them required, as a config file or the command line gives them. */
export type TrainOptions = Partial<TrainConfig>;

/** A config file that was read and whose values are each valid by themselves. */
export interface ConfigFile {
  /** For messages: the file's name. */
  readonly place: string;
  /** Each valid by itself. */
  readonly options: TrainOptions;
}

const common = {
  weightDecay: 0,
  schedule: "cosine",
  maxSteps: 10_000,
  controlGroup: 8,
  seed: 0,
  backend: "auto",
  saveSeconds: 10,
} as const satisfies TrainOptions;

/**
 * What an option is when nobody gives it, by model and network.
 *
 * The CNF's on moons, seeds 0 and 1: nllGap 0.023 and 0.024 +- 0.006 nats, half a minute on 2
 * cores. Many small steps of a narrow field: 700 steps of 256 at a width of 64 take twice the
 * time for 0.037, 2,500 of 128 five times for 0.025; 4,000 points to learn from tell no more.
 */
export const trainDefaults = {
  cnf: {
    mlp: {
      ...common,
      data: "moons",
      standardize: "auto",
      hidden: 32,
      steps: 3000,
      batchSize: 128,
      lr: 1e-2,
      warmup: 20,
      clip: 5,
      ema: 0,
      solver: "dopri5",
      rtol: 1e-3,
      atol: 1e-3,
      solverSteps: 16,
      trace: "exact",
      probes: "rademacher",
      gradient: "direct",
      evalEvery: 10,
      sampleEvery: 20,
    },
  },
  fm: {
    mlp: {
      ...common,
      data: "moons",
      standardize: "auto",
      hidden: 128,
      steps: 6000,
      batchSize: 256,
      lr: 5e-3,
      warmup: 20,
      clip: 0,
      ema: 0.99,
      solver: "dopri5",
      rtol: 1e-5,
      atol: 1e-5,
      solverSteps: 16,
      sigmaMin: 1e-4,
      evalEvery: 10,
      sampleEvery: 50,
    },
    unet: {
      ...common,
      data: "mnist",
      binarize: true,
      filters: 32,
      epochs: 8,
      batchSize: 64,
      lr: 2e-3,
      warmup: 50,
      clip: 1,
      ema: 0.99,
      solver: "dopri5",
      rtol: 1e-3,
      atol: 1e-3,
      solverSteps: 16,
      sigmaMin: 1e-4,
      evalEvery: 1,
      sampleEvery: 1,
    },
    resnet: {
      ...common,
      data: "mnist",
      binarize: true,
      filters: 16,
      blocks: 8,
      epochs: 2,
      batchSize: 32,
      lr: 1e-2,
      warmup: 20,
      clip: 1,
      ema: 0.99,
      solver: "dopri5",
      rtol: 1e-5,
      atol: 1e-5,
      solverSteps: 16,
      sigmaMin: 1e-4,
      evalEvery: 1,
      sampleEvery: 1,
    },
  },
} as const satisfies {
  readonly cnf: { readonly mlp: TrainOptions };
  readonly fm: Readonly<Record<NetName, TrainOptions>>;
};

/** Whether a network is one over images. */
export function isImageNet(net: NetName): boolean {
  return namedNetworks[net].rows === "images";
}

/** The data that a model learns when none is named. */
export const defaultData = { cnf: "moons", fm: "mnist" } as const;

/** As {@link defaultData}, where the network was chosen. */
export function defaultDataOf(model: FlowKind, net: NetName | undefined): string {
  return net === undefined ? defaultData[model] : isImageNet(net) ? "mnist" : "moons";
}

/**
 * The network that fits a data set, as far as its name tells: downloaded images
 * have "mnist" in their names, IDX files end in "ubyte". `train` looks at the data itself.
 */
export function netOfData(data: string): NetName {
  return /^[a-z-]*mnist$|(\.idx|ubyte)(\.gz)?$/i.test(data) ? "unet" : "mlp";
}

type Key = keyof TrainOptions;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
// Every key of a config is in the schema, or it would be dropped in silence.
const keys = Object.keys(trainOptionsSchema.entries satisfies Record<Key, unknown>) as Key[];

/** An option's name on the command line: `batchSize` is `--batch-size`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Reads a config file's text.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If it is not JSON, has an unknown key or a value that no model takes.
 */
export function parseConfigFile(text: string, place: string): ConfigFile {
  const {
    $schema: _schema,
    format: _format,
    network: _network,
    dropped: _dropped,
    flowValues,
    standardization: _standardization,
    ...options
  } = parseConfigJson(text, place);
  if (flowValues !== undefined) {
    throw new InputError(
      `${place}: flowValues ${
        quotedJson(flowValues)
      }: are values of the program that trained it, ` +
        "which a file cannot hold; leave them out to train with the defaults",
    );
  }
  return { place, options };
}

/** As {@link parseConfigFile}, with what a run's own `config.json` holds beside the options. */
export function parseConfigJson(
  text: string,
  place: string,
): v.InferOutput<typeof configFileSchema> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new InputError(`${place}: not JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(
      `${place}: expected an object of options; found ${quotedJson(value, 40)}`,
    );
  }
  return checked(configFileSchema, value, (key) => `${place}: ${named(key)}`);
}

/**
 * Reads the scales of a table from JSON.
 *
 * @throws {InputError} If it is something else.
 */
export function parseStandardization(text: string, place: string): Standardization {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new InputError(`${place}: its metadata's standardization is not JSON`);
  }
  return checked(
    standardizationSchema,
    value,
    (key) => `${place}: its metadata's standardization${key === "" ? "" : `.${key}`}`,
  );
}

/**
 * Checks that scales are those of a network's points.
 *
 * @throws {InputError} If there is not one a column.
 */
export function requireScalesOf(
  network: Network,
  standardization: Standardization | null,
  place: string,
): void {
  if (standardization === null) return;
  const found = standardization.center.length;
  if (isImageNetwork(network) || found !== network.rowWidth) {
    const wanted = isImageNetwork(network) ? "images have none" : `points have ${network.rowWidth}`;
    throw new InputError(`${place}: has scales of ${found} columns, the network's ${wanted}`);
  }
}

/** Validates against a schema of options; `naming` words a key for messages. */
function checked<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  naming: (key: string) => string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? "";
  if (issue.type === "strict_object" && issue.expected === "never") {
    const hint = suggestion(key, keys) || "; docs/config.schema.json lists the options";
    throw new InputError(`${naming(key)}: unknown option${hint}`);
  }
  // Valibot's own words: the schema of the object has none.
  if (issue.message.startsWith("Invalid key: ")) {
    throw new InputError(`${naming(key)}: is missing`);
  }
  // As JSON, NaN and infinities would be null.
  const found = typeof issue.input === "number" ? String(issue.input) : quotedJson(issue.input);
  throw new InputError(`${naming(key)}: expected ${issue.message}; found ${found}`);
}

/** Options merged from a file and the command line, and how to name each in a message. */
interface Given {
  readonly options: TrainOptions;
  name(key: Key): string;
}

/** Choices that belong together: who gives one on the command line discards the file's others. */
const families: readonly (readonly Key[])[] = [
  ["steps", "epochs"],
  ["solver", "rtol", "atol", "solverSteps"],
  ["trace", "probes"],
  ["schedule", "lrHorizon"],
];

/**
 * The options of a file, overridden by the command line's; each valid by itself.
 *
 * @throws {InputError} If a value is not valid.
 */
export function mergeOptions(file: ConfigFile | null, flags: TrainOptions): TrainOptions {
  return merge(file, flags).options;
}

function merge(file: ConfigFile | null, flags: TrainOptions): Given {
  const checkedFlags = checked(trainOptionsSchema, withoutUndefined(flags), optionName);
  const fromFile: Mutable<TrainOptions> = { ...file?.options };
  for (const family of families) {
    // The first of a family decides which others mean anything; steps and epochs exclude each other.
    const decides = family[0] === "steps" ? family : [family[0]!];
    if (decides.some((key) => checkedFlags[key] !== undefined)) {
      for (const key of family) delete fromFile[key];
    }
  }
  return {
    options: { ...fromFile, ...checkedFlags },
    name: (key) =>
      checkedFlags[key] === undefined && file !== null ? `${file.place}: ${key}` : optionName(key),
  };
}

function withoutUndefined(options: TrainOptions): TrainOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as TrainOptions;
}

/** What the meaning of other options hangs on. */
type Decisive = Pick<NamedConfig, "model" | "net" | "schedule" | "solver" | "trace">;

/** Whether a solver chooses its own steps. */
function isAdaptive(solver: string): boolean {
  return tableaus[solver]!.bError !== null;
}

/** Why an option means nothing beside these choices, or null if it means something. */
function meaningless(key: Key, chosen: Decisive): string | null {
  const only = (holds: boolean, what: string) => holds ? null : what;
  switch (key) {
    case "binarize":
      return only(isImageNet(chosen.net), "only images have pixels");
    case "drop":
      return only(!isImageNet(chosen.net), "images have no columns");
    case "standardize":
      return only(!isImageNet(chosen.net), "images have one scale, 0 to 1");
    case "hidden":
      return only(!isImageNet(chosen.net), `net ${chosen.net} has filters instead`);
    case "filters":
      return only(isImageNet(chosen.net), `net ${chosen.net} has hidden instead`);
    case "blocks":
      return only(
        chosen.net === "resnet",
        `net ${chosen.net} has no number of blocks: give ` +
          (isImageNet(chosen.net)
            ? `${optionName("filters")}, or --net resnet`
            : optionName("hidden")),
      );
    case "lrHorizon":
      return only(chosen.schedule === "cosine", `schedule ${chosen.schedule} has no end`);
    case "rtol":
    case "atol":
      return only(
        isAdaptive(chosen.solver),
        `solver ${chosen.solver} takes fixed steps: give ${optionName("solverSteps")}`,
      );
    case "solverSteps":
      return only(
        !isAdaptive(chosen.solver),
        `solver ${chosen.solver} chooses its steps: give ${optionName("rtol")} and ` +
          optionName("atol"),
      );
    case "trace":
    case "gradient":
      return only(chosen.model === "cnf", "flow matching trains without a solve");
    case "probes":
      return only(
        chosen.trace === "hutchinson",
        chosen.model === "cnf"
          ? "the exact trace has no probes: give --trace hutchinson"
          : "flow matching trains without a trace",
      );
    case "sigmaMin":
      return only(chosen.model === "fm", "it belongs to flow matching");
    default:
      return null;
  }
}

function requireMeaning(given: Given, chosen: Decisive): void {
  for (const key of keys) {
    if (given.options[key] === undefined) continue;
    const reason = meaningless(key, chosen);
    if (reason !== null) {
      throw new InputError(
        `${given.name(key)} ${given.options[key]}: means nothing here, ${reason}`,
      );
    }
  }
}

/**
 * The config of a new run: options of a file, overridden by the command line's,
 * and the defaults of the model and its network for the rest.
 *
 * @throws {InputError} If a value is not valid, or an option means nothing beside the others.
 */
export function resolveConfig(
  model: FlowKind,
  file: ConfigFile | null = null,
  flags: TrainOptions = {},
): NamedConfig {
  const given = merge(file, flags);
  const { options } = given;
  if (options.model !== undefined && options.model !== model) {
    throw new InputError(
      `${given.name("model")} ${options.model}: this is train ${model}; run train ${options.model}`,
    );
  }
  if (options.steps !== undefined && options.epochs !== undefined) {
    throw new InputError(
      `${given.name("steps")} ${options.steps} and ${given.name("epochs")} ${options.epochs}: ` +
        "give one of them",
    );
  }
  const data = options.data ?? defaultDataOf(model, options.net);
  const net = options.net ?? netOfData(data);
  const defaults: Mutable<TrainOptions> = { ...defaultsOf(model, net, data) };
  if (options.steps !== undefined || options.epochs !== undefined) {
    delete defaults.steps;
    delete defaults.epochs;
  }
  const all = { ...defaults, ...options, model, data, net };
  const chosen: Decisive = {
    model,
    net,
    schedule: all.schedule!,
    solver: all.solver!,
    trace: all.trace,
  };
  requireMeaning(given, chosen);
  const config: Record<string, unknown> = {};
  for (const key of keys) {
    if (all[key] !== undefined && meaningless(key, chosen) === null) config[key] = all[key];
  }
  return config as unknown as NamedConfig;
}

function defaultsOf(model: FlowKind, net: NetName, data: string): TrainOptions {
  if (model === "fm") return trainDefaults.fm[net];
  if (net === "mlp") return trainDefaults.cnf.mlp;
  throw new InputError(
    `data ${data}, net ${net}: a CNF takes points, not images; run train fm, or give --data moons`,
  );
}

/** Options that may differ from one session of a run to the next: the weights are the same for all of them. */
const freeOnResume: readonly Key[] = [
  "steps",
  "epochs",
  "lrHorizon",
  "backend",
  "threads",
  "evalEvery",
  "sampleEvery",
  "saveSeconds",
];

/**
 * The config of a run that goes on: what was stored, with the options that do
 * not change the mathematics replaced. That `steps` or `epochs` only grow is
 * checked where their number is known, in `train`.
 *
 * @throws {InputError} If an option differs that changes the mathematics.
 */
export function resumeConfig(
  stored: NamedConfig,
  file: ConfigFile | null = null,
  flags: TrainOptions = {},
): NamedConfig {
  const given = merge(file, flags);
  const { options } = given;
  const differs = keys.find((key) =>
    options[key] !== undefined && !freeOnResume.includes(key) && stored[key] !== undefined &&
    String(options[key]) !== String(stored[key]) &&
    !(key === "standardize" && options[key] === "auto")
  );
  if (differs !== undefined) {
    throw new InputError(
      `${given.name(differs)} ${options[differs]}: the run has ${differs} ${
        stored[differs]
      }, and ` +
        "a resumed run keeps its mathematics; leave it out, or start a new run",
    );
  }
  requireMeaning(given, stored);
  if (options.init !== undefined && stored.init === undefined) {
    throw new InputError(
      `${given.name("init")} ${options.init}: the run started from random weights; ` +
        "leave it out, or start a new run",
    );
  }
  if (options.drop !== undefined && stored.drop === undefined) {
    throw new InputError(
      `${given.name("drop")} ${named(String(options.drop))}: the run learnt all columns; ` +
        "leave it out, or start a new run",
    );
  }
  if (options.portableBits && stored.portableBits === undefined) {
    throw new InputError(
      `${given.name("portableBits")}: the run started without it; leave it out, or start a new run`,
    );
  }
  if (options.steps !== undefined && options.epochs !== undefined) {
    throw new InputError(
      `${given.name("steps")} ${options.steps} and ${given.name("epochs")} ${options.epochs}: ` +
        "give one of them",
    );
  }
  const config: Record<string, unknown> = {};
  for (const key of keys) {
    const replaced = key === "steps" && options.epochs !== undefined ||
      key === "epochs" && options.steps !== undefined;
    const value = freeOnResume.includes(key) ? options[key] ?? stored[key] : stored[key];
    if (!replaced && value !== undefined) config[key] = value;
  }
  return config as unknown as NamedConfig;
}
