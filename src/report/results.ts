import type { Block, Section } from "./pages/document.ts";
import { code, plain } from "./pages/format.ts";

/** Names of the figures that say what a run took, the last columns. */
export const EFFORT = { steps: "steps", time: "time" } as const;

/** A measured value of a run that a reader looks for first. */
export interface KeyFigure {
  /** What it is, the head of a column; Markdown. */
  readonly name: string;
  /** The value with its unit; Markdown. */
  readonly text: string;
  /** For comparisons with other runs on the same data: the lower the better; else null. */
  readonly lower: number | null;
}

/** The results of a run. */
export interface RunResult {
  /** Discriminant. */
  readonly kind: "run";
  /** Id of the run's section. */
  readonly id: string;
  /** Title in a table that names the model; plain text. */
  readonly title: string;
  /** The run's folder as in the user's command. */
  readonly folder: string;
  /** The model, whose runs share a table. */
  readonly model: "cnf" | "fm";
  /** Runs with the same are compared: model and data. */
  readonly group: string;
  /** In the order of the reader's interest. */
  readonly figures: readonly KeyFigure[];
}

/** The verdict on a theorem. */
export interface TheoremResult {
  /** Discriminant. */
  readonly kind: "theorem";
  /** Id of the theorem's section. */
  readonly id: string;
  /** Title of the theorem's section; plain text. */
  readonly title: string;
  /** Such as "12 of 12 claims hold"; plain text. */
  readonly verdict: string;
}

/** The result of a part. */
export type Result = RunResult | TheoremResult;

/**
 * The section of results that starts a report; null for one part alone, which starts with its own.
 *
 * @param comparisons Blocks that compare the runs, below their table.
 */
export function resultsSection(
  results: readonly Result[],
  comparisons: readonly Block[],
): Section | null {
  if (results.length < 2) return null;
  const runs = results.filter((result) => result.kind === "run");
  const theorems = results.filter((result) => result.kind === "theorem");
  return {
    id: "results",
    title: "Results",
    outcome: null,
    blocks: [
      ...(["cnf", "fm"] as const).flatMap((model) => {
        const own = runs.filter((run) => run.model === model);
        return own.length === 0 ? [] : [runsTable(own, tableLabels[model])];
      }),
      ...comparisonNote(runs),
      ...comparisons,
      ...(theorems.length === 0 ? [] : [theoremsTable(theorems)]),
    ],
    sections: [],
  };
}

function link(text: string, id: string): string {
  return `[${plain(text)}](#${id})`;
}

const tableLabels = {
  cnf: "Continuous normalizing flows",
  fm: "Flow matching",
} as const;

function runsTable(runs: readonly RunResult[], label: string): Block {
  const named = (isCompared: boolean) =>
    runs.flatMap(({ figures }) =>
      figures.filter(({ lower }) => (lower !== null) === isCompared).map(({ name }) => name)
    );
  // What is compared comes first, what it took last.
  const efforts: readonly string[] = Object.values(EFFORT);
  const [given, last] = [false, true].map((isEffort) =>
    named(false).filter((name) => efforts.includes(name) === isEffort)
  );
  const names = [...new Set([...named(true), ...given!, ...last!])];
  const lowest = (name: string, group: string) => {
    const values = runs.filter((run) => run.group === group)
      .flatMap(({ figures }) => figures.filter((one) => one.name === name))
      .flatMap(({ lower }) => lower === null ? [] : [lower]);
    return values.length < 2 ? null : Math.min(...values);
  };
  return {
    kind: "table",
    label,
    look: "records",
    columns: [
      { name: "run", align: "left" },
      ...names.map((name) => ({ name, align: "right" }) as const),
    ],
    rows: runs.map(({ id, title, folder, group, figures }) => [
      `${link(title, id)} ${code(folder)}`,
      ...names.map((name) => {
        const found = figures.find((one) => one.name === name);
        if (found === undefined) return "";
        const isBest = found.lower !== null && found.lower === lowest(name, group);
        return isBest ? `**${found.text}**` : found.text;
      }),
    ]),
  };
}

function comparisonNote(runs: readonly RunResult[]): Block[] {
  const isCompared = new Set(runs.map(({ group }) => group)).size < runs.length;
  return isCompared
    ? [{
      kind: "prose",
      markdown: "Bold: the lowest among the runs of one model on the same data.",
    }]
    : [];
}

function theoremsTable(theorems: readonly TheoremResult[]): Block {
  return {
    kind: "table",
    label: "Verdicts on the theorems",
    columns: [{ name: "theorem", align: "left" }, { name: "numerical check", align: "left" }],
    rows: theorems.map(({ id, title, verdict }) => [link(title, id), plain(verdict)]),
  };
}
