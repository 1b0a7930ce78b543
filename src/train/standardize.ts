import { columnArgument as argumentOf } from "../data/tables/columns.ts";
import type { Dataset, PointDataset } from "../data/dataset.ts";
import {
  ofColumn,
  type PointValues,
  type Standardization,
  type StandardizationKind,
  toModel,
} from "../flows/standardization.ts";
import {
  type ColumnKind,
  coordinateCount,
  coordinatesOf,
  isDiscrete,
  kindsOf,
} from "../data/tables/kinds/column_kind.ts";
import { isConstant, unseenRemarks, unseenRows } from "./data/unseen_values.ts";
import { ledoitWolfFactor } from "../flows/whitening.ts";
import { quantile } from "../core/numbers/quantile.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import { InputError } from "../core/errors.ts";
import { named, quoted } from "../core/quoted.ts";
import { option } from "../core/options/spelling.ts";

/**
 * How to scale columns; `auto` for points from a file: `whiten`, z-scores if they have more than
 * {@link MOST_WHITENED} coordinates; none for other data.
 */
export type StandardizeChoice = "auto" | "none" | StandardizationKind;

/** What initial weights bring beside their numbers. */
export interface InitialMap {
  /** The run's folder or the file, as it was given. */
  readonly name: string;
  /** The map that they were trained with; null if none. */
  readonly standardization: Standardization | null;
}

/** Standardisation of a run, and remarks about it. */
export interface ChosenStandardization {
  readonly standardization: Standardization | null;
  /** Human-readable remarks, one line each. */
  readonly remarks: readonly string[];
}

/** Largest number of coordinates that `auto` whitens: a larger factor would fill `config.json`. */
const MOST_WHITENED = 64;

/** A z-score beyond this squeezes the other rows into a small part of the model's space. */
const FAR = 20;

/**
 * If the standard deviation is this many times that of the middle rows (by their quartiles), a few
 * outliers determine it. With n rows, no z-score exceeds sqrt(n - 1), however far a row is.
 */
const SET_BY_FEW = 5;

/** Standard deviation of uniform noise of width 1. */
const UNIFORM_DEVIATION = Math.sqrt(1 / 12);

/** Interquartile range of the standard normal distribution. */
const NORMAL_IQR = 1.3489795003921634;

/**
 * Smallest reported share of values that collide in float32. Of a million random values a few
 * thousand collide by chance.
 */
const LOST_SHARE = 1e-3;

/**
 * Chooses the standardisation of a new run from its training rows; initial weights bring their own.
 *
 * @param options.init What the initial weights bring; undefined: the run starts from random ones.
 * @throws {InputError} If a column of a file is constant and not discrete, or the choice contradicts the weights.
 */
export function chooseStandardization(
  dataset: Dataset,
  options: { readonly choice: StandardizeChoice; readonly init: InitialMap | undefined },
): ChosenStandardization {
  const { choice, init } = options;
  if (dataset.kind === "images") return { standardization: null, remarks: [] };
  const isFile = dataset.file !== undefined;
  if (isFile) {
    requireVarying(dataset);
    requireRepresentable(dataset);
  }
  const fitted = () => {
    const columns = kindsOf(dataset.file?.columns ?? []);
    const dims = columns === null ? dataset.dims : coordinateCount(columns);
    const ofFile = dims > MOST_WHITENED ? "zscore" : "whiten";
    const kind = choice === "auto" ? isFile ? ofFile : "none" : choice;
    if (kind !== "none" || columns !== null) requireVarying(dataset);
    if (columns !== null) return fitTableMap(dataset, columns, kind);
    return kind === "none" ? null : fitStandardization(dataset, kind);
  };
  const standardization = init === undefined ? fitted() : ofWeights(init, choice);
  // Weights of another size are refused where they are read, with both shapes.
  const width = standardization?.columns?.length ?? standardization?.center.length;
  const fits = width === undefined || width === dataset.dims;
  const remarks = fits && (isFile || standardization !== null)
    ? [
      ...unseenRemarks(dataset),
      ...farRemarks(dataset, standardization, init?.name),
      ...lostRemarks(dataset, standardization),
    ]
    : [];
  return { standardization, remarks };
}

/** Standardisation that weights were trained with; null if none. */
function ofWeights(
  { name, standardization }: InitialMap,
  choice: StandardizeChoice,
): Standardization | null {
  const kind = standardization?.kind ?? "none";
  if (choice !== "auto" && choice !== kind) {
    throw new InputError(
      `${option("standardize", choice)}: the weights of ${
        named(name)
      } were learnt with ${kind}; leave it out, ` +
        `or start without ${option("init")}`,
    );
  }
  return standardization;
}

/**
 * Center and scale of each column of the training rows, in float64.
 *
 * `zscore`: mean and standard deviation. `robust`: the median, and the interquartile range divided
 * by that of a standard normal, so that both have scale 1 on normal data; a column with equal
 * quartiles uses its standard deviation. `whiten`: `zscore`, and the factor of the shrunk covariance,
 * so that a standard normal in model units is a good Gaussian for the rows.
 */
export function fitStandardization(
  { train, dims }: Pick<PointDataset, "train" | "dims">,
  kind: StandardizationKind,
): Standardization {
  const columns = Array.from(
    { length: dims },
    (_, column) => locationOf(sortedColumn([train], dims, column), kind),
  );
  return withFactor({
    kind,
    center: columns.map(({ center }) => center),
    scale: columns.map(({ scale }) => scale),
  }, train.points);
}

/** Scales with the factor of the rows' covariance, dequantisation noise included, if they whiten. */
function withFactor(scales: Standardization, points: PointValues): Standardization {
  if (scales.kind !== "whiten") return scales;
  const z = toModel(scales, points, { key: keyOf(subsequences.tableNoise, 0) });
  return { ...scales, factor: ledoitWolfFactor(z, scales.center.length) };
}

/**
 * Center and scale of each coordinate of the training rows under the columns' transforms. Of
 * discrete columns they are those of the values with their dequantisation noise, in expectation.
 *
 * `robust` of a categorical column is its `zscore`: quartiles say nothing about a one-hot vector.
 *
 * @param kind `none`: centers 0 and scales 1.
 */
function fitTableMap(
  { train, dims }: Pick<PointDataset, "train" | "dims">,
  columns: readonly ColumnKind[],
  kind: StandardizationKind | "none",
): Standardization {
  const coordinates = columns.flatMap((column, index): readonly Location[] => {
    const count = coordinatesOf(column);
    if (kind === "none") return Array(count).fill({ center: 0, scale: 1 });
    const values = sortedColumn([train], dims, index);
    switch (column.kind) {
      case "real":
        return [locationOf(values, kind)];
      case "log":
        return [locationOf(values.map(Math.log), kind)];
      case "dequantized": {
        const { center, scale } = locationOf(values, kind);
        return [{ center, scale: Math.hypot(scale, column.step * UNIFORM_DEVIATION) }];
      }
      case "categorical":
        return column.categories.map((_, category) => {
          const share = values.reduce((sum, v) => sum + (v === category ? 1 : 0), 0) /
            values.length;
          return {
            center: share,
            scale: Math.hypot(Math.sqrt(share * (1 - share)), UNIFORM_DEVIATION),
          };
        });
      default:
        return column satisfies never;
    }
  });
  return withFactor({
    kind,
    center: coordinates.map(({ center }) => center),
    scale: coordinates.map(({ scale }) => scale),
    columns,
  }, train.points);
}

/**
 * @throws {InputError} If a column of the training rows is constant and so has no density. A discrete
 *   one has probabilities, of which the noise around its value gives the model some to learn from.
 */
function requireVarying(dataset: PointDataset): void {
  const { train, dims, name, file } = dataset;
  const constant = Array.from({ length: dims }, (_, column) => column).filter((column) => {
    const kind = file?.columns[column];
    return !(kind && isDiscrete(kind)) && isConstant(dataset, column);
  });
  const [first, ...others] = constant;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : `, as are ${others.length} more`;
  const drops = constant.slice(0, 8).map((column) =>
    option("drop", columnArgument(dataset, column))
  );
  const isSeen = (value: number) => value === train.points[first];
  const rare = file && unseenRows(dataset, first, isSeen) !== null
    ? `, or, as other rows have other values, learn its probabilities with ${
      option("dequantize", columnArgument(dataset, first))
    }`
    : "";
  throw new InputError(
    `data ${named(name)}: ${columnWords(dataset, first)} is constant, ${
      train.points[first]
    } in all ` +
      `${train.count} training rows${more}; a constant has no density: leave it out with ` +
      `${drops.join(" ")}${rare}`,
  );
}

/** Least normal float32. */
const LEAST_FLOAT32 = 2 ** -126;

/**
 * @throws {InputError} If the training rows of a column range over less than float32 tells apart, or
 *   those of a log column reach below its range: samples would be 0, or the least number.
 */
function requireRepresentable(dataset: PointDataset): void {
  const { train: { points, count }, dims, name, file } = dataset;
  for (let column = 0; column < dims; column++) {
    const kind = file?.columns[column]?.kind;
    if (kind === "categorical") continue;
    let least = Infinity, most = -Infinity;
    for (let row = 0; row < count; row++) {
      const value = points[row * dims + column]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const size = kind === "log" ? least : most - least;
    if (!(size > 0 && size < LEAST_FLOAT32)) continue;
    const [has, remedy] = kind === "log"
      ? ["reaches down to", "write its logarithms in the file instead"]
      : ["ranges over", `rescale it, such as by 1e${-Math.floor(Math.log10(size))}`];
    throw new InputError(
      `data ${named(name)}: ${columnWords(dataset, column)} ${has} ${
        Number(size.toPrecision(4))
      }, below float32's least of 1.2e-38; ${remedy}`,
    );
  }
}

/** A column as the `drop` option accepts it. */
function columnArgument({ file }: PointDataset, column: number): string | number {
  if (file === undefined) return column + 1;
  const { columns, dropped } = file;
  return argumentOf(columns[column]!, [...columns, ...dropped]);
}

/** Human-readable name of a column: its header, else its number. */
function columnWords({ file }: PointDataset, column: number): string {
  const { name, number } = file?.columns[column] ?? { name: null, number: column + 1 };
  return `column ${name ? quoted(name) : number}`;
}

/** Where values are, and how far they spread. */
interface Location {
  readonly center: number;
  readonly scale: number;
}

/** Distance of the quartiles of sorted values. */
function interquartileRange(rising: Float64Array): number {
  return quantile(rising, 0.75) - quantile(rising, 0.25);
}

/** Location of sorted values. */
function locationOf(rising: Float64Array, kind: StandardizationKind): Location {
  const { mean, deviation } = moments(rising);
  if (kind !== "robust") return { center: mean, scale: deviation };
  const range = interquartileRange(rising);
  return { center: quantile(rising, 0.5), scale: range > 0 ? range / NORMAL_IQR : deviation };
}

/** Remarks on columns with outlying z-scores. */
function farRemarks(
  dataset: PointDataset,
  standardization: Standardization | null,
  init: string | undefined,
): string[] {
  if (standardization === null) return [];
  if (standardization.kind === "robust" && init === undefined) return [];
  const { train, dims } = dataset;
  const largest = new Float64Array(dims);
  const far = [...largest.keys()].filter((column) => {
    const own = ofColumn(standardization, column);
    if (own.columns?.some(isDiscrete)) return false;
    const z = toModel(own, sortedColumn([train], dims, column));
    largest[column] = z.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return largest[column]! > FAR || init === undefined && isSetByFew(Float64Array.from(z));
  })
    .sort((a, b) => largest[b]! - largest[a]!);
  const [first, ...others] = far;
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const size = Math.round(largest[first]!);
  if (init !== undefined) {
    return [
      `${
        columnWords(dataset, first)
      }${more}: a row lies ${size} scales from the center, which are ` +
      `those of the weights of ${named(init)}; start without ${
        option("init")
      } if these are other data`,
    ];
  }
  return [
    `${columnWords(dataset, first)}${more}: a row lies ${size} standard ` +
    `deviations from the mean; ${option("standardize", "robust")} (median, interquartile range) ` +
    "keeps such rows from setting the scale",
  ];
}

function isSetByFew(rising: Float64Array): boolean {
  const range = interquartileRange(rising);
  return range > 0 && moments(rising).deviation > SET_BY_FEW * range / NORMAL_IQR;
}

/** Remarks on columns with distinct values that are equal in float32. */
function lostRemarks(dataset: PointDataset, standardization: Standardization | null): string[] {
  const { train, test, dims } = dataset;
  const lossy: string[] = [];
  for (let column = 0; column < dims; column++) {
    const values = sortedColumn([train, test], dims, column);
    const own = standardization && ofColumn(standardization, column);
    if (own?.columns?.some(isDiscrete)) continue;
    const z = toModel(own, values);
    let different = 1, kept = 1;
    for (let i = 1; i < values.length; i++) {
      if (values[i] !== values[i - 1]) different++;
      if (z[i] !== z[i - 1]) kept++;
    }
    if (different - kept > LOST_SHARE * different) {
      lossy.push(`${kept} of ${different} in ${columnWords(dataset, column)}`);
    }
  }
  if (lossy.length === 0) return [];
  const shown = lossy.slice(0, 5).join(", ");
  const more = lossy.length > 5 ? `, and in ${lossy.length - 5} more columns` : "";
  return [`float32 cannot tell all values apart: it keeps ${shown}${more}`];
}

/** A column of several tables, in ascending order. */
function sortedColumn(
  tables: readonly PointDataset["train"][],
  dims: number,
  column: number,
): Float64Array {
  const values = new Float64Array(tables.reduce((sum, { count }) => sum + count, 0));
  let row = 0;
  for (const { points, count } of tables) {
    for (let i = 0; i < count; i++) values[row++] = points[i * dims + column]!;
  }
  return values.sort();
}

/** Mean and standard deviation (over n) of sorted values; deviations are scaled by the range. */
function moments(values: Float64Array): { mean: number; deviation: number } {
  const n = values.length, first = values[0]!, range = values[n - 1]! - first;
  if (range === 0) return { mean: first, deviation: 0 };
  let sum = 0;
  for (const value of values) sum += (value - first) / range;
  const share = sum / n;
  let squares = 0;
  for (const value of values) squares += ((value - first) / range - share) ** 2;
  return { mean: first + share * range, deviation: Math.sqrt(squares / n) * range };
}
