import { namedNetworks, netNames } from "../../nn/named_networks.ts";
import { evenWidth, type SizeRule } from "../../nn/size_rule.ts";
import * as v from "valibot";
import { suggestion } from "../../core/suggestion.ts";
import { MOST_STEPS } from "../../ode/solver/step_control.ts";
import { tableaus } from "../../ode/tableaus.ts";

/*
 * Each option's message is what was expected of it; `config.ts` puts the place
 * before it and the value after it.
 */

function wholeNumber(least: number) {
  const expected = `a whole number, ${least} or more`;
  return v.pipe(v.number(expected), v.safeInteger(expected), v.minValue(least, expected));
}

function stepCount() {
  const expected = `a whole number from 1 to ${MOST_STEPS}`;
  return v.pipe(
    v.number(expected),
    v.safeInteger(expected),
    v.minValue(1, expected),
    v.maxValue(MOST_STEPS, expected),
  );
}

function positive() {
  const expected = "a number above 0";
  return v.pipe(v.number(expected), v.finite(expected), v.gtValue(0, expected));
}

function notNegative() {
  const expected = "a number, 0 or above";
  return v.pipe(v.number(expected), v.finite(expected), v.minValue(0, expected));
}

/** A size of a network by its rule; what no memory has room for is refused where bytes are counted. */
function size({ least, multipleOf, expected }: SizeRule): v.GenericSchema<number> {
  const whole = v.pipe(v.number(expected), v.safeInteger(expected), v.minValue(least, expected));
  return multipleOf === 1 ? whole : v.pipe(whole, v.multipleOf(multipleOf, expected));
}

function sizesOf<const Rules extends Readonly<Record<string, SizeRule>>>(rules: Rules) {
  const entries = Object.entries(rules).map(([name, rule]) => [name, size(rule)]);
  return Object.fromEntries(entries) as { readonly [Name in keyof Rules]: v.GenericSchema<number> };
}

/** What is expected of a choice, with the name that was probably meant. */
export function expectedChoice(input: unknown, names: readonly string[]): string {
  const hint = typeof input === "string" ? suggestion(input, names) : "";
  return `one of ${names.join(", ")}${hint}`;
}

function choice<const T extends readonly string[]>(names: T) {
  return v.picklist(names, ({ input }) => expectedChoice(input, names));
}

function text(expected: string) {
  return v.pipe(v.string(expected), v.nonEmpty(expected));
}

function described<const S extends v.GenericSchema>(schema: S, description: string) {
  return v.optional(v.pipe(schema, v.description(description)));
}

const columns = "names or numbers from 1 of one column or more";

const rowsOrBatch = 'a whole number of rows, 1 or more, or "batch"';

const scales = "numbers above 0, one a column";
const centers = "finite numbers, one a column";

/** The scales of a table, as `config.json` of a run and `model.safetensors` record them. */
export const standardizationSchema = v.pipe(
  v.strictObject({
    kind: choice(["zscore", "robust"]),
    center: v.array(v.pipe(v.number(centers), v.finite(centers)), centers),
    scale: v.array(v.pipe(v.number(scales), v.finite(scales), v.gtValue(0, scales)), scales),
  }, "an object of kind, center and scale"),
  v.check(({ center, scale }) => center.length === scale.length, "as many centers as scales"),
);

/** What a velocity network is, as `config.json` of a run records it. */
export const networkSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("mlp"), ...sizesOf(namedNetworks.mlp.sizes) }),
  v.strictObject({ kind: v.literal("resnet"), ...sizesOf(namedNetworks.resnet.sizes) }),
  v.strictObject({ kind: v.literal("unet"), ...sizesOf(namedNetworks.unet.sizes) }),
  // A program's own: its kind says what the rest has to be.
  v.looseObject({ kind: v.pipe(v.string(), v.regex(/^(?!(?:mlp|resnet|unet)$)/)) }),
], "a network with its kind");

/**
 * The options of training by their names in a config file: the command line's in camelCase.
 * Which of them mean something depends on `model`, `net`, `solver` and others: `config.ts`.
 */
export const trainOptionsSchema = v.strictObject({
  model: described(choice(["cnf", "fm"]), "cnf: continuous normalizing flow, fm: flow matching"),
  data: described(text("a data set's name or a file"), "name of a data set, or a file"),
  binarize: described(
    v.boolean("true or false"),
    "images only: pixels above 128 become 1, the others 0",
  ),
  standardize: described(
    choice(["auto", "none", "zscore", "robust"]),
    "points: how columns are scaled for the model; auto: z-scores for files, none for built-in data",
  ),
  drop: described(
    v.pipe(
      v.array(v.union([text(columns), wholeNumber(1)], columns), columns),
      v.minLength(1, columns),
    ),
    "points of a file: columns to leave out, by name or by number from 1",
  ),
  net: described(
    choice(netNames),
    "velocity network: mlp for points, unet or resnet for images",
  ),
  hidden: described(size(evenWidth), "width of the mlp; even"),
  filters: described(
    size(evenWidth),
    "filters of the resnet, even, or of the unet at full size, a multiple of 4",
  ),
  blocks: described(size(namedNetworks.resnet.sizes.blocks), "residual blocks of the resnet"),
  init: described(text("a run or a file"), "run or safetensors file whose weights to start from"),
  steps: described(wholeNumber(0), "training steps; instead of epochs"),
  epochs: described(wholeNumber(1), "passes over the training data; instead of steps"),
  batchSize: described(wholeNumber(1), "rows of a training step"),
  lr: described(positive(), "learning rate of Adam, at its highest"),
  schedule: described(choice(["constant", "cosine"]), "how the learning rate goes on"),
  warmup: described(wholeNumber(0), "steps over which the learning rate rises to lr"),
  lrHorizon: described(
    wholeNumber(1),
    "step at which the cosine schedule ends; the steps of the run when left out",
  ),
  clip: described(notNegative(), "largest norm of the gradient; 0: not clipped"),
  weightDecay: described(notNegative(), "L2 penalty as torch.optim.Adam has it"),
  ema: described(
    v.pipe(
      v.number("a number from 0 to below 1"),
      v.minValue(0, "a number from 0 to below 1"),
      v.ltValue(1, "a number from 0 to below 1"),
    ),
    "decay of the moving average of the weights; 0: none",
  ),
  solver: described(
    choice(Object.keys(tableaus)),
    "cnf: ODE solver of training; fm: of its sample pictures",
  ),
  rtol: described(positive(), "relative tolerance of an adaptive solver"),
  atol: described(positive(), "absolute tolerance of an adaptive solver"),
  solverSteps: described(stepCount(), "steps of a fixed-step solver"),
  maxSteps: described(stepCount(), "step attempts after which a solve gives up"),
  controlGroup: described(
    v.union([
      v.pipe(
        v.number(rowsOrBatch),
        v.safeInteger(rowsOrBatch),
        v.minValue(1, rowsOrBatch),
      ),
      v.literal("batch", rowsOrBatch),
    ], rowsOrBatch),
    "rows that share one step size; batch: all of them",
  ),
  trace: described(
    choice(["exact", "hutchinson"]),
    "cnf: divergence exactly, or by random probes",
  ),
  probes: described(choice(["gaussian", "rademacher"]), "distribution of hutchinson's probes"),
  gradient: described(
    choice(["direct", "adjoint"]),
    "cnf: gradient through the solver's steps, or of the adjoint ODE",
  ),
  sigmaMin: described(
    v.pipe(
      v.number("a number from 0 to below 1"),
      v.minValue(0, "a number from 0 to below 1"),
      v.ltValue(1, "a number from 0 to below 1"),
    ),
    "fm: width of the noise left around a data point",
  ),
  seed: described(wholeNumber(0), "seed of everything random"),
  backend: described(choice(["auto", "webgpu", "cpu"]), "where to compute"),
  threads: described(wholeNumber(1), "at most so many threads of the CPU backend"),
  portableBits: described(
    v.boolean("true or false"),
    "the same bits on every machine: CPU backend without fused multiply-adds, slower",
  ),
  evalEvery: described(wholeNumber(0), "epochs between evaluations; 0: only at the end"),
  sampleEvery: described(wholeNumber(0), "epochs between sample pictures; 0: only at the end"),
  saveSeconds: described(
    notNegative(),
    "seconds between checkpoints; 0: one after every step",
  ),
});

/** How the files of a run folder are laid out; a change that old programs cannot read adds one. */
export const RUN_FORMAT = 1;

/** The names of values that a program gave a run. */
const flowValueNamesSchema = v.strictObject({
  path: v.optional(v.string("a name")),
  coupling: v.optional(v.string("a name")),
  times: v.optional(v.string("a name")),
  source: v.optional(v.string("a name")),
}, "an object of names");

/** A config file: the options, and what a run's own `config.json` has beside them. */
export const configFileSchema = v.strictObject({
  $schema: v.optional(v.string("text")),
  format: v.optional(v.pipe(
    v.literal(RUN_FORMAT, `format ${RUN_FORMAT}, all that this version of Fluxion reads`),
    v.description("written by a run: how its files are laid out; not an option"),
  )),
  ...trainOptionsSchema.entries,
  network: v.optional(v.pipe(
    networkSchema,
    v.description("written by a run, found from its data; not an option"),
  )),
  dropped: v.optional(v.pipe(
    v.array(v.strictObject({
      number: wholeNumber(1),
      name: v.nullable(v.string("a name or null")),
    })),
    v.description("written by a run: the columns of its file that it leaves out; not an option"),
  )),
  flowValues: v.optional(v.pipe(
    flowValueNamesSchema,
    v.description(
      "written by a run: the names of the values that its program gave; not an option",
    ),
  )),
  standardization: v.optional(v.pipe(
    standardizationSchema,
    v.description("written by a run: the scale of each column of its data; not an option"),
  )),
});
