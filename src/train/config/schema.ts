import * as v from "valibot";
import { energyWeights } from "../../core/options/energy_weights.ts";
import { expectedWords, type ValueRule } from "../../core/options/value_rule.ts";
import { unmarked } from "../../core/options/spelling.ts";
import { suggestion } from "../../core/suggestion.ts";
import { coordinateCount, MAX_CATEGORIES } from "../../data/tables/kinds/column_kind.ts";
import { namedNetworks, netNames } from "../../nn/named_networks.ts";
import type { SizeRule } from "../../nn/size_rule.ts";
import {
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
} from "../options/table.ts";

/*
 * The message of each schema says what is expected; `check.ts` adds the place before it and the value
 * after it.
 */

function wholeNumber(least: number) {
  const expected = expectedWords({ kind: "whole", least });
  return v.pipe(v.number(expected), v.safeInteger(expected), v.minValue(least, expected));
}

/** A network size by its rule; sizes that exceed the memory are refused where bytes are counted. */
function size(
  { least, multipleOf, expected }: Pick<SizeRule, "least" | "multipleOf" | "expected">,
) {
  const whole: v.GenericSchema<number> = v.pipe(
    v.number(expected),
    v.safeInteger(expected),
    v.minValue(least, expected),
  );
  return multipleOf === 1 ? whole : v.pipe(whole, v.multipleOf(multipleOf, expected));
}

function sizesOf<const Rules extends Readonly<Record<string, SizeRule>>>(rules: Rules) {
  const entries = Object.entries(rules).map(([name, rule]) => [name, size(rule)]);
  return Object.fromEntries(entries) as { readonly [Name in keyof Rules]: v.GenericSchema<number> };
}

function choice<const Names extends readonly string[]>(names: Names) {
  return v.picklist(names, ({ input }) => {
    const hint = typeof input === "string" ? suggestion(input, names) : "";
    return `${expectedWords({ kind: "choice", names })}${hint}`;
  });
}

function text(expected: string) {
  return v.pipe(v.string(expected), v.nonEmpty(expected));
}

/** The schema of a rule's values. */
function valueSchema(rule: ValueRule): v.GenericSchema {
  const expected = expectedWords(rule);
  const number = v.number(expected);
  switch (rule.kind) {
    case "choice":
      return choice(rule.names);
    case "text":
    case "file":
      return text(expected);
    case "switch":
      return v.boolean(expected);
    case "whole": {
      const { least, most } = rule;
      const safe = v.safeInteger<number, v.ErrorMessage<v.SafeIntegerIssue<number>>>(
        ({ input }) => expectedWords(rule, input),
      );
      const whole = v.pipe(number, safe, v.minValue(least, expected));
      return most === undefined ? whole : v.pipe(whole, v.maxValue(most, expected));
    }
    case "positive":
      return v.pipe(number, v.finite(expected), v.gtValue(0, expected));
    case "notNegative":
      return v.pipe(number, v.finite(expected), v.minValue(0, expected));
    case "fraction":
      return v.pipe(number, v.minValue(0, expected), v.ltValue(1, expected));
    case "size":
      return size(rule.rule);
    case "rowsOrBatch": {
      const rows = v.pipe(number, v.safeInteger(expected), v.minValue(1, expected));
      return v.union([rows, v.literal("batch", expected)], expected);
    }
    case "columns": {
      const column = v.union([text(expected), wholeNumber(1)], expected);
      return v.pipe(v.array(column, expected), v.minLength(1, expected));
    }
    case "energies":
      return v.pipe(
        v.string(expected),
        v.check((text) => energyWeights(text) !== null, expected),
      );
    default:
      return rule satisfies never;
  }
}

function described(schema: v.GenericSchema, description: string) {
  return v.optional(v.pipe(schema, v.description(description)));
}

/** The schema of each option. */
const optionEntries = Object.fromEntries(
  trainOptionNames.map((name) => {
    const { value, help } = trainOptions[name];
    return [name, described(valueSchema(value), unmarked(help))];
  }),
) as unknown as {
  readonly [Name in TrainOptionName]: v.OptionalSchema<
    v.GenericSchema<Exclude<TrainOptions[Name], undefined>>,
    undefined
  >;
};

/**
 * The training options by their names in a config file. Which of them apply depends on `model`,
 * `net`, `solver` and others; see `options/applicability.ts`.
 */
export const trainOptionsSchema = v.strictObject(optionEntries);

const scales = "numbers above 0, one per coordinate";
const centers = "finite numbers, one per coordinate";
const step = "a number above 0";

/** The schema of `ColumnKind` with more entries. */
function columnKindSchema<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.variant("kind", [
    v.strictObject({ kind: v.literal("real"), ...entries }),
    v.strictObject({ kind: v.literal("log"), ...entries }),
    v.strictObject({
      kind: v.literal("dequantized"),
      step: v.pipe(v.number(step), v.finite(step), v.gtValue(0, step)),
      origin: v.pipe(v.number("a number"), v.finite("a number")),
      ...entries,
    }),
    v.strictObject({
      kind: v.literal("categorical"),
      categories: v.pipe(
        v.array(v.string("texts"), "a list of texts"),
        v.minLength(2, "two categories or more"),
        v.maxLength(MAX_CATEGORIES, `at most ${MAX_CATEGORIES} categories`),
        v.check((categories) => new Set(categories).size === categories.length, "different texts"),
      ),
      ...entries,
    }),
  ], "a column with its kind: real, log, dequantized or categorical");
}

const factorRows = "rows of a lower triangular matrix, row i of i numbers, the last above 0";

/** The map between a table's units and the model's, as recorded in a run's `config.json` and `model.safetensors`. */
export const standardizationSchema = v.pipe(
  v.strictObject({
    kind: choice(["zscore", "robust", "whiten", "none"]),
    center: v.array(v.pipe(v.number(centers), v.finite(centers)), centers),
    scale: v.array(v.pipe(v.number(scales), v.finite(scales), v.gtValue(0, scales)), scales),
    columns: v.optional(v.pipe(
      v.array(columnKindSchema({}), "a list of columns"),
      v.minLength(1, "a column or more"),
    )),
    factor: v.optional(v.pipe(
      v.array(v.array(v.pipe(v.number(factorRows), v.finite(factorRows)), factorRows), factorRows),
      v.check((rows) => rows.every((row, i) => row.length === i + 1 && row[i]! > 0), factorRows),
    )),
  }, "an object of kind, center and scale"),
  v.check(({ center, scale }) => center.length === scale.length, "as many centers as scales"),
  v.check(
    ({ kind, center, factor }) =>
      kind === "whiten" ? factor?.length === center.length : factor === undefined,
    "a factor of as many rows as centers where the kind is whiten, and none elsewhere",
  ),
  v.check(
    ({ center, columns }) =>
      columns === undefined ||
      coordinateCount(columns) === center.length,
    "a center for each coordinate of its columns",
  ),
  v.check(
    ({ kind, columns }) => kind !== "none" || columns !== undefined,
    "columns, where the kind is none",
  ),
);

/** The kind of a custom network, which has no name on the command line. */
const ownKind = v.pipe(v.string(), v.regex(new RegExp(`^(?!(?:${netNames.join("|")})$)`)));

/** A velocity network, as recorded in a run's `config.json`. */
const networkSchema = v.variant("kind", [
  ...netNames.map((net) =>
    v.strictObject({ kind: v.literal(net), ...sizesOf(namedNetworks[net].sizes) })
  ),
  // The other fields of a custom network depend on its kind.
  v.looseObject({ kind: ownKind }),
], "a network with its kind");

/** Version of the run folder's layout, incremented by incompatible changes. */
export const RUN_FORMAT = 1;

/** The names of the values that a program passed for a run. */
const flowValueNamesSchema = v.strictObject({
  path: v.optional(v.string("a name")),
  coupling: v.optional(v.string("a name")),
  times: v.optional(v.string("a name")),
  source: v.optional(v.string("a name")),
}, "an object of names");

const columnName = v.nullable(v.string("a name or null"));

/** A column of a run's table, as recorded in its `config.json`. */
const tableColumnSchema = columnKindSchema({ name: columnName, number: wholeNumber(1) });

/** The content of a data file, as recorded in a run's `config.json`. */
const dataIdentitySchema = v.strictObject({
  sha256: v.pipe(
    v.string("64 hexadecimal digits"),
    v.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  ),
  rows: wholeNumber(0),
  columns: wholeNumber(0),
}, "an object of sha256, rows and columns");

const stepMs = "milliseconds per step, or null";
const stepMsSchema = v.nullable(v.pipe(v.number(stepMs), v.finite(stepMs), v.minValue(0, stepMs)));

/** What backend auto measured when a run began. */
const backendChoiceSchema = v.strictObject({
  backend: choice(["cpu", "webgpu"]),
  adapter: v.string("a name"),
  cpuMs: stepMsSchema,
  webgpuMs: stepMsSchema,
}, "an object of backend, adapter, cpuMs and webgpuMs");

/** A config file: the options, and the additional fields of a run's own `config.json`. */
export const configFileSchema = v.strictObject({
  $schema: v.optional(v.string("text")),
  format: v.optional(v.pipe(
    v.literal(RUN_FORMAT, `format ${RUN_FORMAT}, the only one that this version of Fluxion reads`),
    v.description("written by a run: version of its folder's layout; not an option"),
  )),
  ...trainOptionsSchema.entries,
  network: v.optional(v.pipe(
    networkSchema,
    v.description("written by a run: its network, inferred from the data; not an option"),
  )),
  kept: v.optional(v.pipe(
    v.array(tableColumnSchema),
    v.description("written by a run: the columns of its file that it learns; not an option"),
  )),
  dropped: v.optional(v.pipe(
    v.array(v.strictObject({ number: wholeNumber(1), name: columnName })),
    v.description("written by a run: the dropped columns of its file; not an option"),
  )),
  dataFile: v.optional(v.pipe(
    dataIdentitySchema,
    v.description("written by a run: the content of its data file; not an option"),
  )),
  testFile: v.optional(v.pipe(
    dataIdentitySchema,
    v.description("written by a run: the content of its file of test rows; not an option"),
  )),
  flowValues: v.optional(v.pipe(
    flowValueNamesSchema,
    v.description(
      "written by a run: the names of the values that its program passed; not an option",
    ),
  )),
  backendChoice: v.optional(v.pipe(
    backendChoiceSchema,
    v.description(
      "written by a run: milliseconds per step on both backends, as backend auto measured them, and the " +
        "faster one; not an option",
    ),
  )),
  standardization: v.optional(v.pipe(
    standardizationSchema,
    v.description("written by a run: kind and scale of each column of its data; not an option"),
  )),
});
