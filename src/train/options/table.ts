import type { ValueOf } from "../../core/options/value_rule.ts";
import { namedNetworks, type NetName, netNames } from "../../nn/named_networks.ts";
import { MOST_STEPS } from "../../ode/solver/step_control.ts";
import { tableaus } from "../../ode/tableaus.ts";
import type { TrainOptionDeclaration } from "./declaration.ts";

const solverNames: readonly string[] = Object.keys(tableaus);
const solverHelp: string = `ODE solver, one of ${solverNames.join(", ")}`;
const netPlaceholder: string = netNames.join("|");

/**
 * All training options, in the order of `config.json`. To add an option, add an entry: its type, the
 * schema of config files, the command line, completions, help and docs are derived from it.
 *
 * The CNF's defaults on moons, seeds 0 to 4: nllGap 0.022 nats in the mean (standard deviation 0.011)
 * in 23 s of processor time. Many small steps of a narrow field are best: 700 steps of 256 points at
 * width 64 take twice the time for 0.037, 2,500 steps of 128 points five times for 0.025 (without
 * the penalty on steps); 4,000 training points allow no better.
 */
export const trainOptions = {
  model: {
    group: "data",
    value: { kind: "choice", names: ["cnf", "fm"] },
    help: "cnf: continuous normalizing flow, fm: flow matching",
    always: true,
    inFilesOnly: true,
  },
  data: {
    group: "data",
    value: { kind: "text", expected: "a data set's name, a file or a folder" },
    placeholder: "NAME|FILE",
    help:
      "data set (see: fluxion data list), CSV, NPY, Parquet or IDX file, folder of PNG files, - for " +
      "CSV on stdin",
    default: { cnf: "moons", fm: { mlp: "moons", unet: "mnist", resnet: "mnist" } },
  },
  binarize: {
    group: "data",
    value: { kind: "switch", negatable: true },
    help:
      "images: binarize pixels to 0 or 1; `binarize: false` keeps grey values (those of mnist: " +
      "fluxion data fetch mnist)",
    default: { fm: { unet: true, resnet: true } },
    defaultWords: "default yes; own files: by their values",
    when: { kind: "rows", rows: "images", reason: "only images have pixels" },
  },
  standardize: {
    group: "data",
    value: { kind: "choice", names: ["auto", "none", "zscore", "robust", "whiten"] },
    help: "points: how columns are scaled for the model",
    default: { cnf: "auto", fm: { mlp: "auto" } },
    defaultWords: "default auto: whiten for files",
    when: { kind: "rows", rows: "points", reason: "images have one scale, 0 to 1" },
  },
  columns: {
    group: "data",
    value: { kind: "columns" },
    placeholder: "COLUMN",
    help:
      "points of a file: learn these columns alone, in this order: names or numbers from 1, by " +
      "commas; may be repeated",
    when: { kind: "rows", rows: "points", reason: "images have no columns" },
    discardedBy: "drop",
  },
  drop: {
    group: "data",
    value: { kind: "columns" },
    placeholder: "COLUMN",
    help: "points of a file: leave out these columns, given like `columns`",
    when: { kind: "rows", rows: "points", reason: "images have no columns" },
    discardedBy: "columns",
  },
  dropMissing: {
    group: "data",
    value: { kind: "switch" },
    help: "points of a file: leave out rows with a missing value (empty, NA, NaN, ?, .)",
    when: { kind: "rows", rows: "points", reason: "images have no missing values" },
  },
  header: {
    group: "data",
    value: { kind: "choice", names: ["yes", "no"] },
    help: "points of a text file: whether its first line is the names of the columns",
    defaultWords: "default as the line looks",
    when: { kind: "rows", rows: "points", reason: "images have no columns" },
  },
  validation: {
    group: "data",
    value: { kind: "fraction" },
    example: "0.1",
    placeholder: "SHARE",
    help: "points: share of the training rows that choose the best weights, 0: none",
    defaultWords: "default 0.1 for files",
    when: { kind: "rows", rows: "points", reason: "images have no validation rows" },
  },
  split: {
    group: "data",
    value: { kind: "choice", names: ["shuffled", "ordered"] },
    help:
      "of a file: shuffle the rows before a fifth of them tests, or keep their order, as in a " +
      "time series: the last fifth tests",
    defaultWords: "default shuffled",
    discardedBy: "testData",
  },
  testData: {
    group: "data",
    value: { kind: "text", expected: "a file or a folder" },
    placeholder: "FILE",
    help: "of a file or folder: its test rows are in this other one, and all of its own train",
    discardedBy: "split",
  },
  log: {
    group: "data",
    value: { kind: "columns" },
    placeholder: "COLUMNS",
    help: "points of a file: learn the logarithms of these positive columns, given like `columns`",
    when: { kind: "rows", rows: "points", reason: "images have no columns" },
  },
  dequantize: {
    group: "data",
    value: { kind: "columns" },
    placeholder: "COLUMNS",
    help:
      "points of a file: learn the probabilities of these columns' values, whole numbers or on " +
      "another grid, with uniform noise of one step",
    when: { kind: "rows", rows: "points", reason: "images have no columns" },
  },
  categorical: {
    group: "data",
    value: { kind: "columns" },
    placeholder: "COLUMNS",
    help:
      "points of a file: learn the probabilities of these columns' categories, texts or numbers",
    when: { kind: "rows", rows: "points", reason: "images have no columns" },
  },
  net: {
    group: "network",
    value: { kind: "choice", names: netNames },
    placeholder: netPlaceholder,
    help: "velocity network",
    defaultWords: "default mlp for points, unet for images",
  },
  hidden: {
    group: "network",
    value: { kind: "size", rule: namedNetworks.mlp.sizes.hidden },
    example: "64",
    placeholder: "N",
    help: "width of the mlp, even",
    default: { cnf: 32, fm: { mlp: 64 } },
    when: { kind: "networkSize" },
  },
  filters: {
    group: "network",
    // The unet's stricter rule, a multiple of 4, is checked when the network is created.
    value: { kind: "size", rule: namedNetworks.resnet.sizes.filters },
    example: "32",
    placeholder: "N",
    help: "filters of the unet, a multiple of 4, or of the resnet, even",
    default: { fm: { unet: 32, resnet: 16 } },
    when: { kind: "networkSize" },
  },
  blocks: {
    group: "network",
    value: { kind: "size", rule: namedNetworks.resnet.sizes.blocks },
    example: "4",
    placeholder: "N",
    help: "residual blocks of the resnet",
    default: { fm: { resnet: 8 } },
    when: { kind: "networkSize" },
  },
  init: {
    group: "network",
    value: { kind: "text", expected: "a run or a file" },
    placeholder: "RUN|FILE",
    help: "start from the weights of a run or of a safetensors file",
  },
  prefix: {
    group: "network",
    value: { kind: "text", expected: "the prefix of tensors' names" },
    placeholder: "NAME",
    help: "with `init`: the weights whose names begin so, where a file holds several sets",
  },
  steps: {
    group: "optimizer",
    value: { kind: "whole", least: 0 },
    example: "500",
    placeholder: "N",
    help: "training steps",
    default: { cnf: 3000, fm: { mlp: 10_000 } },
    freeOnResume: true,
    discardedBy: "epochs",
  },
  epochs: {
    group: "optimizer",
    value: { kind: "whole", least: 1 },
    example: "5",
    placeholder: "N",
    help: "passes over the training data, instead of `steps`",
    default: { fm: { unet: 8, resnet: 2 } },
    freeOnResume: true,
    discardedBy: "steps",
  },
  batchSize: {
    group: "optimizer",
    value: { kind: "whole", least: 1 },
    example: "128",
    placeholder: "N",
    help: "rows per training step",
    default: { cnf: 128, fm: { mlp: 512, unet: 64, resnet: 32 } },
  },
  patience: {
    group: "optimizer",
    value: { kind: "whole", least: 0 },
    example: "20",
    placeholder: "N",
    help: "validations without improvement before training stops, 0: never stops",
    defaultWords: "default 20",
    when: { kind: "rows", rows: "points", reason: "images have no validation rows" },
    freeOnResume: true,
  },
  lr: {
    group: "optimizer",
    value: { kind: "positive" },
    example: "0.01",
    placeholder: "RATE",
    help: "peak learning rate of Adam",
    default: { cnf: 1e-2, fm: { mlp: 1e-2, unet: 2e-3, resnet: 1e-2 } },
  },
  schedule: {
    group: "optimizer",
    value: { kind: "choice", names: ["constant", "cosine"] },
    help: "learning-rate schedule after the warm-up",
    default: "cosine",
  },
  warmup: {
    group: "optimizer",
    value: { kind: "whole", least: 0 },
    example: "20",
    placeholder: "STEPS",
    help: "steps of linear warm-up to `lr`",
    default: { cnf: 20, fm: { mlp: 20, unet: 50, resnet: 20 } },
  },
  lrHorizon: {
    group: "optimizer",
    value: { kind: "whole", least: 1 },
    example: "1000",
    placeholder: "STEP",
    help: "step at which the cosine schedule ends",
    defaultWords: "default the run's steps",
    when: { kind: "schedule", schedule: "cosine" },
    freeOnResume: true,
    discardedBy: "schedule",
  },
  clip: {
    group: "optimizer",
    value: { kind: "notNegative" },
    example: "5",
    placeholder: "NORM",
    help: "clip the gradient to this norm, 0: no clipping",
    default: { cnf: 5, fm: { mlp: 0, unet: 1, resnet: 1 } },
  },
  weightDecay: {
    group: "optimizer",
    value: { kind: "notNegative" },
    example: "1e-4",
    placeholder: "RATE",
    help: "L2 penalty, as in torch.optim.Adam",
    default: 0,
  },
  noise: {
    group: "optimizer",
    value: { kind: "fraction" },
    example: "0.5",
    placeholder: "WEIGHT",
    help: "points: weight of Gaussian noise in the training rows at first; falls to 0 over the run",
    defaultWords: "default 0; of tables by their rows and columns",
    when: { kind: "rows", rows: "points", reason: "images have no noise in their pixels" },
  },
  ema: {
    group: "optimizer",
    value: { kind: "fraction" },
    example: "0.999",
    placeholder: "DECAY",
    help: "decay of the exponential moving average of the weights, 0: none",
    default: { cnf: 0, fm: { mlp: 0.999, unet: 0.99, resnet: 0.99 } },
  },
  solver: {
    group: "solve",
    value: { kind: "choice", names: solverNames },
    placeholder: "NAME",
    help: solverHelp,
    default: "dopri5",
  },
  rtol: {
    group: "solve",
    value: { kind: "positive" },
    example: "1e-5",
    placeholder: "TOL",
    help: "relative tolerance of an adaptive solver",
    default: { cnf: 1e-3, fm: { mlp: 1e-5, unet: 1e-3, resnet: 1e-5 } },
    when: { kind: "solver", steps: "adaptive" },
    discardedBy: "solver",
  },
  atol: {
    group: "solve",
    value: { kind: "positive" },
    example: "1e-5",
    placeholder: "TOL",
    help: "absolute tolerance of an adaptive solver",
    default: { cnf: 1e-3, fm: { mlp: 1e-5, unet: 1e-3, resnet: 1e-5 } },
    when: { kind: "solver", steps: "adaptive" },
    discardedBy: "solver",
  },
  solverSteps: {
    group: "solve",
    value: { kind: "whole", least: 1, most: MOST_STEPS },
    example: "16",
    placeholder: "N",
    help: "steps of a fixed-step solver",
    default: 16,
    when: { kind: "solver", steps: "fixed" },
    discardedBy: "solver",
  },
  maxSteps: {
    group: "solve",
    value: { kind: "whole", least: 1, most: MOST_STEPS },
    example: "1000",
    placeholder: "N",
    help: "step attempts before a solve fails",
    default: 10_000,
  },
  controlGroup: {
    group: "solve",
    value: { kind: "rowsOrBatch" },
    example: "8",
    placeholder: "N|batch",
    help: "rows that share one step size",
    default: 8,
  },
  trace: {
    group: "solve",
    value: { kind: "choice", names: ["exact", "hutchinson"] },
    help: "divergence: exact costs one pass per dimension, hutchinson is a random estimate",
    default: { cnf: "exact" },
    when: { kind: "model", model: "cnf", reason: "flow matching trains without a solve" },
  },
  probes: {
    group: "solve",
    value: { kind: "choice", names: ["gaussian", "rademacher"] },
    help: "distribution of hutchinson's random probes",
    default: { cnf: "rademacher" },
    when: { kind: "trace", trace: "hutchinson" },
    discardedBy: "trace",
  },
  gradient: {
    group: "solve",
    value: { kind: "choice", names: ["direct", "adjoint"] },
    help: "cnf: backpropagate through the solver's steps, or solve the adjoint ODE",
    default: { cnf: "direct" },
    when: { kind: "model", model: "cnf", reason: "flow matching trains without a solve" },
  },
  regularize: {
    group: "solve",
    value: { kind: "energies" },
    example: "kinetic=0.01,jacobian=0.01",
    placeholder: "steps=S,kinetic=K,jacobian=J",
    help:
      "cnf: penalise in training the steps that a solve at 1e-5 would take (S nats per step), and the " +
      "integrals of |f|^2 (times K) and of the squared Jacobian norm (times J) along the trajectories, for " +
      "fields that take fewer evaluations; none: nothing",
    default: { cnf: "steps=0.006" },
    when: { kind: "model", model: "cnf", reason: "flow matching trains without a solve" },
  },
  sigmaMin: {
    group: "network",
    value: { kind: "fraction" },
    example: "1e-4",
    placeholder: "SIGMA",
    help: "fm: standard deviation of the noise around a data point at t = 1",
    default: { fm: 1e-4 },
    when: { kind: "model", model: "fm", reason: "only flow matching has it" },
  },
  seed: {
    group: "random",
    value: { kind: "whole", least: 0 },
    example: "0",
    placeholder: "N",
    help: "random seed",
    default: 0,
  },
  backend: {
    group: "device",
    value: { kind: "choice", names: ["auto", "webgpu", "cpu"] },
    help: "compute backend",
    default: "auto",
    defaultWords: "default auto; doctor shows what it selects",
    freeOnResume: true,
  },
  threads: {
    group: "device",
    value: { kind: "whole", least: 1 },
    example: "1",
    placeholder: "N",
    help: "threads of the CPU backend",
    defaultWords: "default: number of cores",
    freeOnResume: true,
  },
  portableBits: {
    group: "device",
    value: { kind: "switch" },
    help: "the same bits on every machine: CPU backend without fused multiply-adds, slower",
  },
  evalEvery: {
    group: "intervals",
    value: { kind: "notNegative" },
    example: "1",
    placeholder: "EPOCHS",
    help: "epochs between evaluations, 0: only at the end; of a file by default 60 in a run",
    default: { cnf: 10, fm: { mlp: 40, unet: 1, resnet: 1 } },
    freeOnResume: true,
  },
  sampleEvery: {
    group: "intervals",
    value: { kind: "whole", least: 0 },
    example: "1",
    placeholder: "EPOCHS",
    help:
      "epochs between sample pictures, 0: only at the end; of a file by default 20 in a run of cnf",
    default: { cnf: 20, fm: { mlp: 0, unet: 1, resnet: 1 } },
    freeOnResume: true,
  },
  saveSeconds: {
    group: "intervals",
    value: { kind: "notNegative" },
    example: "10",
    placeholder: "SECONDS",
    help: "checkpoint at least this often, 0: after every step",
    default: 10,
    freeOnResume: true,
  },
} as const satisfies Readonly<Record<string, TrainOptionDeclaration>>;

/** The name of a training option, as spelled in config files and the library. */
export type TrainOptionName = keyof typeof trainOptions;

/** The options whose declaration extends `Declaration`. */
export type NameOf<Declaration> = {
  [Name in TrainOptionName]: (typeof trainOptions)[Name] extends Declaration ? Name : never;
}[TrainOptionName];

/** A default defined for every model and network. */
export type Universal = string | number | boolean | {
  readonly cnf: unknown;
  readonly fm: string | number | boolean | { readonly [Net in NetName]: unknown };
};

/** The options present in every config. */
export type InEveryConfig = Exclude<
  NameOf<{ readonly always: true } | { readonly default: Universal }>,
  NameOf<{ readonly when: unknown }>
>;

/** Options by name, all optional, as given in a config file or on the command line. */
export type TrainOptions = {
  readonly [Name in TrainOptionName]?: ValueOf<(typeof trainOptions)[Name]["value"]>;
};

/**
 * The complete config of a training run, with defaults filled in: the content of `config.json`.
 *
 * Options that do not apply to the chosen model, network or solver are absent. `solve_settings.ts`
 * derives the solver's settings.
 */
export type TrainConfig =
  & { readonly [Name in InEveryConfig]: ValueOf<(typeof trainOptions)[Name]["value"]> }
  & Omit<TrainOptions, InEveryConfig>;

/** The config of a run with one of Fluxion's networks; a custom network has no `net`. */
export type NamedConfig = TrainConfig & { readonly net: NetName };

/** The names of all options, in the order of `config.json`. */
export const trainOptionNames = Object.keys(trainOptions) as readonly TrainOptionName[];
