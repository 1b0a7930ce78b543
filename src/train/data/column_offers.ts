import { type Dataset, isTable } from "../../data/dataset.ts";
import { type ColumnAdvice, columnAdvice } from "../../data/tables/kinds/column_advice.ts";
import { columnArgument, columnWords, type TableColumn } from "../../data/tables/columns.ts";
import { option } from "../../core/options/spelling.ts";

/** Characters of the columns named in a line before it is cut. */
const NAMED = 80;

/** A column and what it would be learnt better as. */
interface Advised {
  readonly column: TableColumn;
  readonly advice: ColumnAdvice;
}

/**
 * Lines that offer `log` and `dequantize` for the real columns of a file that ask for it, one line
 * for each of them; none for most tables.
 */
export function columnOffers(dataset: Dataset): readonly string[] {
  if (!isTable(dataset)) return [];
  const { train, dims, file } = dataset;
  const { columns, dropped } = file;
  const advised = columns.flatMap((column, index): Advised[] => {
    if (column.kind !== "real") return [];
    const values = Float64Array.from(
      { length: train.count },
      (_, row) => train.points[row * dims + index]!,
    ).sort();
    const advice = values[0] === values.at(-1) ? null : columnAdvice(values);
    return advice === null ? [] : [{ column, advice }];
  });
  const named = (key: "log" | "dequantize" | "drop", list: readonly Advised[]) => {
    const all = [...columns, ...dropped];
    const [first, ...others] = list.map(({ column }) => String(columnArgument(column, all)));
    let shown = first!, count = 1;
    for (; count < list.length; count++) {
      const longer = `${shown},${others[count - 1]}`;
      if (longer.length > NAMED) break;
      shown = longer;
    }
    return `${option(key, shown)}${
      count < list.length ? ` (and ${list.length - count} more)` : ""
    }`;
  };
  const of = (kind: ColumnAdvice["kind"]) => advised.filter(({ advice }) => advice.kind === kind);
  const skewed = of("log"), repeated = of("dequantize"), masses = of("pointMass");
  return [
    ...(skewed.length === 0 ? [] : [
      `${subject(skewed)} positive and strongly skewed: ${named("log", skewed)} learns logarithms`,
    ]),
    ...(repeated.length === 0 ? [] : [
      `${subject(repeated)} few different values, on which a density has no bound and its ` +
      `likelihood is an artefact: ${named("dequantize", repeated)} learns probabilities`,
    ]),
    ...(masses.length === 0 ? [] : [massWords(masses, named("drop", masses))]),
  ];
}

function subject(list: readonly Advised[]): string {
  const [first] = list;
  const isOne = list.length === 1;
  const verb = first!.advice.kind === "log" ? isOne ? "is" : "are" : isOne ? "has" : "have";
  return `${isOne ? columnWords(first!.column) : `${list.length} columns`} ${verb}`;
}

function massWords(list: readonly Advised[], remedy: string): string {
  const { column, advice } = list[0]!;
  const { value, share } = advice as Extract<ColumnAdvice, { readonly kind: "pointMass" }>;
  const more = list.length === 1 ? "" : ` (and ${list.length - 1} more columns are alike)`;
  return `${columnWords(column)} is ${value} in ${Math.round(100 * share)} % of the rows${more}: ` +
    `a density has no bound there and its likelihood is an artefact: ${remedy} leaves it out`;
}
