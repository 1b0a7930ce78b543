import { oneLine } from "@fluxion/fluxion/core";

/** A column of a table. */
export interface TableColumn {
  readonly head: string;
  /** `right` for numbers. */
  readonly align?: "left" | "right";
  /**
   * Width to which its cells may be shortened before columns are left out; undefined: never
   * shortened.
   */
  readonly enough?: number;
  /** The same after columns were left out; default `enough`. */
  readonly least?: number;
  /** Columns with the highest number are left out first where the table is too wide; 0: never. */
  readonly dispensable?: number;
  /** The part that shortened cells lose: names differ at their ends. Default `middle`. */
  readonly loses?: "middle" | "end";
}

const GAP = "  ";

/** Characters that take two columns of a terminal (Unicode's East Asian Width W, roughly), or none. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const NO_WIDTH = /[\p{M}\p{Cf}]/u;

/** Number of columns of a text on a terminal. */
function width(text: string): number {
  let sum = 0;
  for (const character of text) sum += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return sum;
}

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

/**
 * A table with aligned columns and a line of heads.
 *
 * @param rows Cells as text, one per column; control characters are escaped.
 * @param most Columns of the terminal: cells are shortened, then columns left out, until the table
 *   fits. null: as wide as its cells.
 */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  most: number | null,
): string {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => row.map(oneLine))];
  const natural = columns.map((column, i) => ({
    ...column,
    at: i,
    width: Math.max(...cells.map((row) => width(row[i]!))),
  }));
  let kept = natural;
  const excess = () =>
    most === null
      ? 0
      : kept.reduce((sum, column) => sum + column.width, GAP.length * (kept.length - 1)) - most;
  const shrink = (limit: (column: TableColumn) => number | undefined) => {
    while (excess() > 0) {
      const widest = kept.filter((one) => one.width > (limit(one) ?? one.width))
        .toSorted((a, b) => b.width - a.width)[0];
      if (widest === undefined) return;
      kept = kept.map((one) => one.at === widest.at ? { ...one, width: one.width - 1 } : one);
    }
  };
  shrink(({ enough }) => enough);
  for (
    const { at } of columns.map(({ dispensable = 0 }, at) => ({ dispensable, at }))
      .filter(({ dispensable }) => dispensable > 0)
      .sort((a, b) => b.dispensable - a.dispensable)
  ) {
    if (excess() > 0) kept = kept.filter((one) => one.at !== at);
  }
  // What the columns that are left out have freed.
  kept = kept.map(({ at }) => natural[at]!);
  shrink(({ enough }) => enough);
  shrink(({ enough, least }) => least ?? enough);
  return cells.map((row) =>
    kept.map((column) => {
      const text = shortened(row[column.at]!, column.width, column.loses ?? "middle");
      const space = " ".repeat(column.width - width(text));
      return column.align === "right" ? space + text : text + space;
    }).join(GAP).trimEnd()
  ).join("\n");
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
