import type { PointDataset, PointTable } from "../../data/dataset.ts";
import { columnWords } from "../../data/tables/columns.ts";
import { quoted } from "../../core/quoted.ts";

/** Whether all training rows have one value in a column. */
export function isConstant({ train, dims }: PointDataset, column: number): boolean {
  const { points, count } = train;
  for (let row = 1; row < count; row++) {
    if (points[row * dims + column] !== points[column]) return false;
  }
  return true;
}

/**
 * Remarks on discrete columns that have values which no training row has. There is a probability for
 * them, since the density of a flow is positive everywhere, but no data that say how large it is.
 */
export function unseenRemarks(dataset: PointDataset): string[] {
  const { train, dims, file } = dataset;
  return (file?.columns ?? []).flatMap((kind, column) => {
    if (kind.kind === "dequantized") {
      if (!isConstant(dataset, column)) return [];
      const value = train.points[column]!;
      const rows = unseenRows(dataset, column, (other) => other === value);
      return [
        `${columnWords(kind)} is ${value} in all ${train.count} training rows${
          rows === null ? "" : ` (another value: ${rows})`
        }: the likelihood of other values is extrapolated`,
      ];
    }
    if (kind.kind !== "categorical") return [];
    const seen = new Set<number>();
    for (let row = 0; row < train.count; row++) seen.add(train.points[row * dims + column]!);
    const unseen = kind.categories.filter((_, index) => !seen.has(index));
    if (unseen.length === 0) return [];
    const rows = unseenRows(dataset, column, (value) => seen.has(value));
    const [which, its] = unseen.length === 1 ? [`category ${quoted(unseen[0]!, 40)} is`, "its"] : [
      `${unseen.length} of ${kind.categories.length} categories, such as ${
        quoted(unseen[0]!, 40)
      }, are`,
      "their",
    ];
    return [
      `${columnWords(kind)}: ${which} in no training row${
        rows === null ? "" : ` (but in ${rows})`
      }: ${its} likelihood is extrapolated`,
    ];
  });
}

/** How many rows that do not train have another value in a column, for people; null if none has. */
export function unseenRows(
  { validation, test, dims }: PointDataset,
  column: number,
  isSeen: (value: number) => boolean,
): string | null {
  const isCounted = (value: number) => !isSeen(value);
  const parts = [{ name: "validation", table: validation }, { name: "test", table: test }]
    .map(({ name, table }) => ({
      name,
      count: table === undefined ? 0 : countRows(table, { dims, column, isCounted }),
    }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${count} ${name} ${count === 1 ? "row" : "rows"}`);
  return parts.length === 0 ? null : parts.join(" and ");
}

function countRows(
  { points, count }: PointTable,
  { dims, column, isCounted }: {
    readonly dims: number;
    readonly column: number;
    readonly isCounted: (value: number) => boolean;
  },
): number {
  let counted = 0;
  for (let row = 0; row < count; row++) if (isCounted(points[row * dims + column]!)) counted++;
  return counted;
}
