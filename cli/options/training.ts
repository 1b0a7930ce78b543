import type { FlagParametersForType } from "@stricli/core";
import { MOST_STEPS, netNames, trainDefaults } from "@fluxion/fluxion/options";
import { proposeDatasets } from "./dataset_names.ts";
import { type DefaultWords, defaultWords } from "./defaults.ts";
import { type DeviceOptions, deviceOptions } from "./device.ts";
import { fraction, netName, notNegative, positive, text, wholeNumber } from "./parsers.ts";
import { type SolverOptions, solverOptions, type TraceOptions, traceOptions } from "./solver.ts";

/** What is learnt from what. */
interface DataOptions {
  readonly data?: string;
  readonly binarize?: boolean;
  readonly standardize?: "auto" | "none" | "zscore" | "robust";
  readonly drop?: readonly string[];
}

function dataOptions(words: DefaultWords): FlagParametersForType<DataOptions> {
  return {
    data: {
      kind: "parsed",
      parse: text("a data set's name or a file"),
      optional: true,
      placeholder: "NAME|FILE",
      brief: `data set (see: fluxion data list), CSV, NPY or IDX file, - for CSV on stdin (${
        words("data")
      })`,
      proposeCompletions: proposeDatasets,
    },
    binarize: {
      kind: "boolean",
      optional: true,
      brief: "images: pixels become 0 or 1; --no-binarize needs fluxion data fetch (default yes)",
    },
    standardize: {
      kind: "enum",
      values: ["auto", "none", "zscore", "robust"],
      optional: true,
      brief: "points: how columns are scaled for the model (default auto: zscore for files)",
    },
    drop: {
      kind: "parsed",
      parse: text("a column"),
      variadic: true,
      optional: true,
      placeholder: "COLUMN",
      brief: "points of a file: leave out a column, by name or number from 1; may be repeated",
    },
  };
}

/** The velocity network, and the weights that it starts with. */
interface ModelOptions {
  readonly net?: "mlp" | "resnet" | "unet";
  readonly hidden?: number;
  readonly filters?: number;
  readonly blocks?: number;
  readonly sigmaMin?: number;
  readonly init?: string;
}

function modelOptions(words: DefaultWords): FlagParametersForType<ModelOptions> {
  return {
    net: {
      kind: "parsed",
      parse: netName,
      optional: true,
      placeholder: netNames.join("|"),
      brief: `velocity network, ${netNames.join(", ")} (default mlp for points, unet for images)`,
      proposeCompletions: (partial: string) => netNames.filter((name) => name.startsWith(partial)),
    },
    hidden: {
      kind: "parsed",
      parse: wholeNumber(1, "64"),
      optional: true,
      placeholder: "N",
      brief: `width of the mlp, even (${words("hidden")})`,
    },
    filters: {
      kind: "parsed",
      parse: wholeNumber(1, "32"),
      optional: true,
      placeholder: "N",
      brief: `filters of the unet, a multiple of 4, or of the resnet, even (${words("filters")})`,
    },
    blocks: {
      kind: "parsed",
      parse: wholeNumber(1, "4"),
      optional: true,
      placeholder: "N",
      brief: `residual blocks of the resnet (default ${trainDefaults.fm.resnet.blocks})`,
    },
    sigmaMin: {
      kind: "parsed",
      parse: fraction("1e-4"),
      optional: true,
      placeholder: "SIGMA",
      brief: `fm: width of the noise left around a data point (${words("sigmaMin")})`,
    },
    init: {
      kind: "parsed",
      parse: text("a run or a file"),
      optional: true,
      placeholder: "RUN|FILE",
      brief: "start from the weights of a run or of a safetensors file",
    },
  };
}

/** Adam and its schedule. */
interface OptimizerOptions {
  readonly steps?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  readonly schedule?: "constant" | "cosine";
  readonly warmup?: number;
  readonly lrHorizon?: number;
  readonly clip?: number;
  readonly weightDecay?: number;
  readonly ema?: number;
}

function optimizerOptions(words: DefaultWords): FlagParametersForType<OptimizerOptions> {
  return {
    steps: {
      kind: "parsed",
      parse: wholeNumber(0, "500"),
      optional: true,
      placeholder: "N",
      brief: `training steps (${words("steps")})`,
    },
    epochs: {
      kind: "parsed",
      parse: wholeNumber(1, "5"),
      optional: true,
      placeholder: "N",
      brief: `passes over the training data, instead of --steps (${words("epochs")})`,
    },
    batchSize: {
      kind: "parsed",
      parse: wholeNumber(1, "128"),
      optional: true,
      placeholder: "N",
      brief: `rows of a step (${words("batchSize")})`,
    },
    lr: {
      kind: "parsed",
      parse: positive("0.01"),
      optional: true,
      placeholder: "RATE",
      brief: `learning rate of Adam, at its highest (${words("lr")})`,
    },
    schedule: {
      kind: "enum",
      values: ["constant", "cosine"],
      optional: true,
      brief: `how the learning rate goes on (${words("schedule")})`,
    },
    warmup: {
      kind: "parsed",
      parse: wholeNumber(0, "20"),
      optional: true,
      placeholder: "STEPS",
      brief: `steps over which the learning rate rises to --lr (${words("warmup")})`,
    },
    lrHorizon: {
      kind: "parsed",
      parse: wholeNumber(1, "1000"),
      optional: true,
      placeholder: "STEP",
      brief: "step at which the cosine schedule ends (default the run's steps)",
    },
    clip: {
      kind: "parsed",
      parse: notNegative("5"),
      optional: true,
      placeholder: "NORM",
      brief: `largest norm of the gradient, 0 for any (${words("clip")})`,
    },
    weightDecay: {
      kind: "parsed",
      parse: notNegative("1e-4"),
      optional: true,
      placeholder: "RATE",
      brief: `L2 penalty, as torch.optim.Adam has it (${words("weightDecay")})`,
    },
    ema: {
      kind: "parsed",
      parse: fraction("0.999"),
      optional: true,
      placeholder: "DECAY",
      brief: `decay of the moving average of the weights, 0 for none (${words("ema")})`,
    },
  };
}

/** The ODE that a CNF is trained through. */
interface TrainingSolveOptions extends SolverOptions, TraceOptions {
  readonly maxSteps?: number;
  readonly gradient?: "direct" | "adjoint";
}

function trainingSolveOptions(words: DefaultWords): FlagParametersForType<TrainingSolveOptions> {
  return {
    ...solverOptions({
      solver: words("solver"),
      tolerance: words("rtol"),
      solverSteps: words("solverSteps"),
      controlGroup: words("controlGroup"),
    }),
    maxSteps: {
      kind: "parsed",
      parse: wholeNumber(1, "1000", MOST_STEPS),
      optional: true,
      placeholder: "N",
      brief: `step attempts after which a solve gives up (${words("maxSteps")})`,
    },
    ...traceOptions(words("trace")),
    gradient: {
      kind: "enum",
      values: ["direct", "adjoint"],
      optional: true,
      brief: `cnf: through the solver's steps, or of the adjoint ODE (${words("gradient")})`,
    },
  };
}

/** When to evaluate, draw and save. */
interface RhythmOptions {
  readonly evalEvery?: number;
  readonly sampleEvery?: number;
  readonly saveSeconds?: number;
}

function rhythmOptions(words: DefaultWords): FlagParametersForType<RhythmOptions> {
  return {
    evalEvery: {
      kind: "parsed",
      parse: wholeNumber(0, "1"),
      optional: true,
      placeholder: "EPOCHS",
      brief: `epochs between evaluations, 0: only at the end (${words("evalEvery")})`,
    },
    sampleEvery: {
      kind: "parsed",
      parse: wholeNumber(0, "1"),
      optional: true,
      placeholder: "EPOCHS",
      brief: `epochs between sample pictures, 0: only at the end (${words("sampleEvery")})`,
    },
    saveSeconds: {
      kind: "parsed",
      parse: notNegative("10"),
      optional: true,
      placeholder: "SECONDS",
      brief: `checkpoint at least this often, 0: after every step (${words("saveSeconds")})`,
    },
  };
}

/** Every option that stands in a run's `config.json`, by its name there. */
export interface TrainingOptions
  extends
    DataOptions,
    ModelOptions,
    OptimizerOptions,
    TrainingSolveOptions,
    RhythmOptions,
    DeviceOptions {
  readonly seed?: number;
}

/** What means nothing for a model: understood, so that the refusal can say why, and left out of the help. */
const meaningless = {
  cnf: ["binarize", "filters", "blocks", "sigmaMin"],
  fm: ["trace", "probes", "gradient"],
} as const;

/**
 * All of them as flags. None has a value unless it was typed: what is left out,
 * the config decides.
 */
export function trainingOptions(model: "cnf" | "fm"): FlagParametersForType<TrainingOptions> {
  const words = defaultWords(model);
  const flags: FlagParametersForType<TrainingOptions> = {
    ...dataOptions(words),
    ...modelOptions(words),
    ...optimizerOptions(words),
    ...trainingSolveOptions(words),
    ...rhythmOptions(words),
    seed: {
      kind: "parsed",
      parse: wholeNumber(0, "0"),
      optional: true,
      placeholder: "N",
      brief: `seed of everything random (${words("seed")})`,
    },
    ...deviceOptions,
  };
  const hidden = meaningless[model].map((name) => [name, { ...flags[name], hidden: true }]);
  return { ...flags, ...Object.fromEntries(hidden) };
}
