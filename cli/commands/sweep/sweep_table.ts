import { duration, shortPaths } from "@fluxion/fluxion/core";
import { meanAndStdErr } from "@fluxion/fluxion/metrics";
import { kebabCase, type TrainOptionName } from "@fluxion/fluxion/options";
import type { RunMetrics, RunSummary } from "@fluxion/fluxion/runs";
import { figure } from "../../runs/run_figures.ts";
import { table, type TableColumn } from "../../terminal/table.ts";
import type { Axis } from "./grid.ts";
import type { PlacedRun } from "./placed_run.ts";

/** A run of a sweep and what is there of it. */
export interface FoundRun {
  readonly placed: PlacedRun;
  readonly summary: RunSummary;
}

/** A mean over the seeds. */
export interface OverSeeds {
  readonly mean: number;
  /** Standard error of the mean; null with one seed. */
  readonly stdErr: number | null;
}

/** The finished runs that differ in their seeds alone. */
export interface SweepRow {
  /** Values of the axes but the seed. */
  readonly options: Readonly<Record<string, string | number>>;
  /** Names of the runs. */
  readonly runs: readonly string[];
  readonly figures: Readonly<Partial<Record<Figure, OverSeeds>>>;
}

/** The figures of the table, in its order. The first that all runs have decides which is best. */
const figures = {
  validationLoss: "validation loss",
  testLoss: "test loss",
  loss: "training loss",
  seconds: "time",
} as const satisfies Partial<Record<keyof RunMetrics, string>>;

type Figure = keyof typeof figures;

const figureNames = Object.keys(figures) as readonly Figure[];

/** The table of a sweep: a row per combination of all values but the seeds, the best first. */
export interface SweepTable {
  /** The figure that decides the order; null if no figure is known of all rows. */
  readonly orderedBy: Figure | null;
  readonly rows: readonly SweepRow[];
}

/** Makes the table of the finished runs among those given. */
export function sweepTable(axes: readonly Axis[], found: readonly FoundRun[]): SweepTable {
  const names = axes.map(({ name }) => name).filter((name) => name !== "seed");
  const groups = new Map<string, FoundRun[]>();
  for (const run of found) {
    if (run.summary.state.kind !== "finished") continue;
    const key = JSON.stringify(names.map((name) => run.placed.options[name]));
    groups.set(key, [...groups.get(key) ?? [], run]);
  }
  const rows = [...groups.values()].map((group) => rowOf(names, group));
  const orderedBy =
    figureNames.find((name) =>
      name !== "seconds" && rows.every((row) => row.figures[name] !== undefined)
    ) ?? null;
  if (orderedBy === null) return { orderedBy, rows };
  const by = (row: SweepRow) => row.figures[orderedBy]!.mean;
  return { orderedBy, rows: rows.toSorted((a, b) => by(a) - by(b)) };
}

function rowOf(names: readonly TrainOptionName[], group: readonly FoundRun[]): SweepRow {
  const known = figureNames.flatMap((name) => {
    const values = group.map(({ summary }) => summary.metrics?.[name] ?? null);
    if (values.some((value) => value === null)) return [];
    const { mean, stdErr } = meanAndStdErr(values as number[]);
    return [[name, { mean, stdErr: group.length > 1 ? stdErr : null }] as const];
  });
  return {
    options: Object.fromEntries(
      names.map((name) => [name, group[0]!.placed.options[name] as string | number]),
    ),
    runs: group.map(({ placed }) => placed.name),
    figures: Object.fromEntries(known),
  };
}

/** The table as text: each figure with its standard error over the seeds. */
export function tableText({ rows }: SweepTable, most: number | null): string {
  const names = Object.keys(rows[0]?.options ?? {});
  const shown = figureNames.filter((name) => rows.some((row) => row.figures[name] !== undefined));
  const columns: TableColumn[] = [
    ...names.map((name): TableColumn => ({
      head: kebabCase(name),
      // Numbers are not shortened.
      ...(rows.some(({ options }) => typeof options[name] === "string")
        ? { enough: 24, least: 8 }
        : {}),
    })),
    { head: "runs", align: "right" },
    ...shown.flatMap((name): TableColumn[] => [
      { head: figures[name], align: "right" },
      ...(name === "seconds" ? [] : [{ head: "+-", align: "right", joined: true } as const]),
    ]),
  ];
  const values = names.map((name) => shortPaths(rows.map(({ options }) => String(options[name]))));
  const cells = rows.map((row, i) => [
    ...values.map((column) => column[i]!),
    String(row.runs.length),
    ...shown.flatMap((name) => {
      const found = row.figures[name];
      if (name === "seconds") return [found === undefined ? "-" : duration(found.mean)];
      return [figure(found?.mean), figure(found?.stdErr, 2)];
    }),
  ]);
  return table(columns, cells, most);
}
