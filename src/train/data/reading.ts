import type { PointDataset } from "../../data/dataset.ts";
import { readingWords } from "../../data/tables/reading_words.ts";
import type { Standardization } from "../../flows/standardization.ts";

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

/** Centers and scales of real columns, or their range in a wide table. */
function scaleWords(standardization: Standardization | null, width: number) {
  // The coordinates of other kinds of columns are not those of the table.
  if (standardization === null || standardization.center.length !== width) return {};
  const { kind, center, scale, columns } = standardization;
  if (kind === "none") return {};
  const isReal = (column: number) => (columns?.[column]?.kind ?? "real") === "real";
  const real = scale.filter((_, column) => isReal(column));
  return {
    ofColumn: (column: number) =>
      isReal(column) ? ` (${shown(center[column]!)} +- ${shown(scale[column]!)})` : "",
    ofWide: real.length === 0
      ? ""
      : `, scales from ${shown(real.reduce((a, b) => Math.min(a, b)))} to ${
        shown(real.reduce((a, b) => Math.max(a, b)))
      }`,
  };
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
