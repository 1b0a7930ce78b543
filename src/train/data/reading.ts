import type { ImageDataset, PointDataset } from "../../data/dataset.ts";
import { imageReadingWords } from "../../data/images/reading_words.ts";
import { type ColumnKind, gridWords } from "../../data/tables/kinds/column_kind.ts";
import { readingWords } from "../../data/tables/reading_words.ts";
import { ofColumn, type Standardization } from "../../flows/standardization.ts";

/**
 * One line about the table that a run is trained on: rows, columns with their scales, and what was
 * left out; null for data that are no table from a file.
 *
 * @param dataset With its validation rows set apart.
 */
export function readingRemark(
  dataset: PointDataset,
  standardization: Standardization | null,
): string | null {
  const { name, file, train, validation, test, testIdentity } = dataset;
  if (file === undefined) return null;
  const parts = [
    `${train.count} train`,
    ...(validation === undefined ? [] : [`${validation.count} validate`]),
    ...(testIdentity === undefined ? [`${test.count} test`] : []),
  ];
  const count = train.count + (validation?.count ?? 0) +
    (testIdentity === undefined ? test.count : 0);
  const words = readingWords(name, { ...file, count }, {
    rows: parts.length > 1 ? ` (${parts.join(", ")})` : "",
    ...scaleWords(standardization, file.columns.length),
  });
  return testIdentity === undefined ? words : `${words}; ${test.count} rows of another file test`;
}

/** One line about the images that a run is trained on; null for data sets by name. */
export function imagesRemark(dataset: ImageDataset): string | null {
  const { train, test, testIdentity, reading } = dataset;
  if (reading === undefined) return null;
  if (testIdentity === undefined) {
    return imageReadingWords(dataset, ` (${train.count} train, ${test.count} test)`);
  }
  return `${imageReadingWords(dataset)}; ${test.count} images of other files test`;
}

/** What columns are, with centers and scales; of a wide table the range of scales of real columns. */
function scaleWords(standardization: Standardization | null, width: number) {
  if (standardization === null || (columnCount(standardization) !== width)) return {};
  const { kind, columns } = standardization;
  if (kind === "none" && columns === undefined) return {};
  const all = Array.from({ length: width }, (_, column) => ({
    ...ofColumn(standardization, column),
    column: columns?.[column] ?? real,
  }));
  const scales = all.filter(({ column }) => column.kind === "real").map(({ scale }) => scale[0]!);
  return {
    ofColumn: (column: number) => ` (${columnWords(all[column]!)})`,
    ofWide: scales.length === 0
      ? ""
      : `, scales from ${shown(scales.reduce((a, b) => Math.min(a, b)))} to ${
        shown(scales.reduce((a, b) => Math.max(a, b)))
      }`,
  };
}

const real: ColumnKind = { kind: "real" };

function columnCount({ columns, center }: Standardization): number {
  return columns?.length ?? center.length;
}

function columnWords(
  { column, center, scale }: Pick<Standardization, "center" | "scale"> & {
    readonly column: ColumnKind;
  },
): string {
  const location = `${shown(center[0]!)} +- ${shown(scale[0]!)}`;
  switch (column.kind) {
    case "real":
      return location;
    case "log":
      return `log: ${location}`;
    case "dequantized":
      return `${gridWords(column)}: ${location}`;
    case "categorical":
      return `${column.categories.length} categories`;
    default:
      return column satisfies never;
  }
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
