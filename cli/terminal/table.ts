import { oneLine } from "@fluxion/fluxion/core";
import { width } from "./text_width.ts";

/** A column of a table. */
export interface TableColumn {
  readonly head: string;
  /** `right` for numbers. */
  readonly align?: "left" | "right";
  /**
   * Width to which its cells may be shortened before rows take several lines; undefined: never
   * shortened, as figures are.
   */
  readonly enough?: number;
  /** The same where it is too wide for a line of its own; default `enough`. */
  readonly least?: number;
  /** Whether it stays on the line of the column before it. */
  readonly joined?: true;
  /** The part that shortened cells lose: names differ at their ends. Default `middle`. */
  readonly loses?: "middle" | "end";
}

const GAP = "  ";

/** A text of at most `most` columns. */
function shortened(text: string, most: number, loses: "middle" | "end"): string {
  if (width(text) <= most) return text;
  const characters = [...text];
  let left = "", right = "";
  for (let from = 0, to = characters.length - 1; from <= to;) {
    const takesRight = loses === "middle" && width(right) <= width(left);
    const next = takesRight ? characters[to--]! : characters[from++]!;
    if (width(left) + width(right) + width(next) + 1 > most) break;
    if (takesRight) right = next + right;
    else left += next;
  }
  return `${left}…${right}`;
}

/** What the further lines of a row begin with. */
const INDENT = "    ";

/**
 * A table with aligned columns and a line of heads. Where the terminal is too narrow, cells are
 * shortened as far as their columns allow it; if that is not enough, every row takes several lines,
 * the further ones indented, so that no column is left out.
 *
 * @param rows Cells as text, one per column; control characters are escaped.
 * @param most Columns of the terminal. null: as wide as its cells.
 */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  most: number | null,
): string {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => row.map(oneLine))];
  const natural = columns.map((column, at): SizedColumn => ({
    ...column,
    at,
    width: Math.max(...cells.map((row) => width(row[at]!))),
  }));
  const lines = most === null ? [natural] : folded(natural, most);
  return cells.flatMap((row) =>
    lines.map((shown, line) => (line === 0 ? "" : INDENT) + rowText(row, shown))
  ).join("\n");
}

interface SizedColumn extends TableColumn {
  /** Its place among the columns. */
  readonly at: number;
  readonly width: number;
}

/** The columns on each line of a row. */
function folded(natural: readonly SizedColumn[], most: number): readonly SizedColumn[][] {
  const whole = shrunk(natural, most, ({ enough }) => enough);
  if (totalWidth(whole) <= most) return [whole];
  const lines: SizedColumn[][] = [[]];
  const room = () => most - (lines.length === 1 ? 0 : INDENT.length);
  const units: SizedColumn[][] = [];
  for (const column of natural) {
    if (column.joined) units.at(-1)!.push(column);
    else units.push([column]);
  }
  for (const unit of units) {
    const line = [...lines.at(-1)!, ...unit];
    const needed = totalWidth(
      line.map((one) => ({ ...one, width: Math.min(one.width, one.enough ?? one.width) })),
    );
    if (lines.at(-1)!.length === 0 || needed <= room()) lines[lines.length - 1] = line;
    else lines.push(unit);
  }
  return lines.map((line, i) => {
    const room = most - (i === 0 ? 0 : INDENT.length);
    const fitted = shrunk(line, room, ({ enough }) => enough);
    return shrunk(fitted, room, ({ least, enough }) => least ?? enough);
  });
}

function totalWidth(columns: readonly SizedColumn[]): number {
  return columns.reduce((sum, column) => sum + column.width, GAP.length * (columns.length - 1));
}

/** Narrows the widest columns until all fit, none below its limit. */
function shrunk(
  columns: readonly SizedColumn[],
  most: number,
  limit: (column: TableColumn) => number | undefined,
): SizedColumn[] {
  let kept = [...columns];
  while (totalWidth(kept) > most) {
    const widest = kept.filter((one) => one.width > (limit(one) ?? one.width))
      .toSorted((a, b) => b.width - a.width)[0];
    if (widest === undefined) break;
    kept = kept.map((one) => one.at === widest.at ? { ...one, width: one.width - 1 } : one);
  }
  return kept;
}

function rowText(row: readonly string[], shown: readonly SizedColumn[]): string {
  return shown.map((column) => {
    const text = shortened(row[column.at]!, column.width, column.loses ?? "middle");
    const space = " ".repeat(column.width - width(text));
    return column.align === "right" ? space + text : text + space;
  }).join(GAP).trimEnd();
}

/**
 * The same with all columns: those for which there is no room follow in further tables, separated by
 * empty lines, which repeat the first column.
 */
export function stackedTables(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  most: number,
): string {
  const widths = columns.map(({ head, enough = Infinity }, i) =>
    Math.min(enough, Math.max(width(head), ...rows.map((row) => width(oneLine(row[i]!)))))
  );
  const stack: number[][] = [];
  let room = 0;
  for (let i = 1; i < columns.length; i++) {
    const needed = GAP.length + widths[i]!;
    if (stack.length === 0 || needed > room) {
      stack.push([0]);
      room = most - widths[0]!;
    }
    stack.at(-1)!.push(i);
    room -= needed;
  }
  return stack.map((shown) =>
    table(shown.map((i) => columns[i]!), rows.map((row) => shown.map((i) => row[i]!)), most)
  ).join("\n\n");
}
