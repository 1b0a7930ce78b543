import { duration, named } from "@fluxion/fluxion/core";
import { listRuns, type RunList, type RunSummary } from "@fluxion/fluxion/runs";
import { exists, shownPath, userPath } from "../../paths.ts";
import { dataText, figure, stateText, summaryJson } from "../../runs/run_figures.ts";
import { runFolder, runsFolder } from "../../runs/runs_folder.ts";
import { columns } from "../../terminal/columns.ts";
import { table, type TableColumn } from "../../terminal/table.ts";
import { printLine, type Say, sayError, speaker } from "../../terminal/terminal.ts";
import type { RunsFlags } from "./flags.ts";

/** `fluxion runs [FOLDER...]`. */
export async function runs(flags: RunsFlags, ...folders: string[]): Promise<void> {
  const say = speaker(flags);
  const roots = folders.length > 0 ? await Promise.all(folders.map(rootOf)) : [runsFolder()];
  const lists: RunList[] = [];
  for (const root of roots) {
    // Without a name, there may be no runs yet.
    if (folders.length === 0 && !await exists(root)) lists.push({ runs: [], others: [] });
    else lists.push(await listRuns(root));
  }
  const all = lists.flatMap((list) => list.runs);
  const found = all.filter(({ run }, i) => all.findIndex((other) => other.run === run) === i);
  if (flags.json) printLine(JSON.stringify(found.map(summaryJson)));
  else if (found.length > 0) {
    const isTerminal = Deno.stdout.isTerminal();
    printLine(runsTable(found, isTerminal ? columns() : null));
    if (isTerminal) found.filter(({ state }) => state.kind === "broken").forEach(sayBroken);
  }
  sayOthers(lists.flatMap((list) => list.others), say);
  if (found.length === 0) {
    say(`no runs in ${roots.map(shownPath).join(", ")}; fluxion train cnf makes one`);
  }
}

/** The folder of an argument: a path, or `latest`. */
async function rootOf(folder: string): Promise<string> {
  return folder === "latest" ? await runFolder(folder) : userPath(folder);
}

function sayBroken(run: RunSummary): void {
  sayError(`${shownPath(run.run)}: ${stateText(run)}`);
}

/** Names the folders that are no runs; those that hold runs with the command that lists these. */
function sayOthers(others: RunList["others"], say: Say): void {
  const holding = others.filter(({ runs }) => runs > 0);
  for (const { folder, runs } of holding) {
    const many = runs === 1 ? "1 run" : `${runs} runs`;
    say(`${named(shownPath(folder))} is no run and holds ${many}: name it to list them`);
  }
  const names = others.filter(({ runs }) => runs === 0).map(({ folder }) => shownPath(folder));
  if (names.length === 0) return;
  const shown = names.slice(0, 3).map((name) => named(name)).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  say(`no run: ${shown}${more}`);
}

interface ListedColumn extends TableColumn {
  readonly cell: (run: RunSummary) => string;
}

/** The size in kilobytes, from a megabyte in megabytes. */
function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const listed: readonly ListedColumn[] = [
  { head: "run", enough: 32, least: 16, cell: ({ run }) => shownPath(run) },
  { head: "model", cell: ({ options }) => options?.model ?? "-" },
  { head: "network", cell: ({ network }) => network?.kind ?? "-" },
  {
    head: "data",
    enough: 16,
    least: 8,
    cell: ({ options }) => dataText(options?.data),
  },
  { head: "steps", align: "right", cell: ({ totalSteps }) => figure(totalSteps) },
  { head: "test loss", align: "right", cell: ({ metrics }) => figure(metrics?.testLoss) },
  {
    head: "validation",
    align: "right",
    cell: ({ metrics }) => figure(metrics?.validationLoss),
  },
  {
    head: "time",
    align: "right",
    cell: ({ metrics }) => metrics === null ? "-" : duration(metrics.seconds),
  },
  { head: "size", align: "right", cell: ({ bytes }) => sizeText(bytes) },
];

/**
 * The table of `fluxion runs`.
 *
 * @param most Columns of the terminal; null: none.
 */
export function runsTable(found: readonly RunSummary[], most: number | null): string {
  const validated = found.some(({ metrics }) => (metrics?.validationLoss ?? null) !== null);
  const shown = [
    ...listed.filter(({ head }) => head !== "validation" || validated),
    {
      head: "state",
      // On a terminal the reasons follow the table.
      cell: (run: RunSummary) =>
        most !== null && run.state.kind === "broken" ? "broken" : stateText(run),
    },
  ];
  return table(shown, found.map((run) => shown.map(({ cell }) => cell(run))), most);
}
