/**
 * CPU benchmarks: every row is a ratio of medians, measured in alternating turns in one run.
 *
 *   deno task bench:cpu [--rounds N] [--python PATH] [ROW...]
 *
 * See docs/benchmarks.md for the method and the peers' requirements.
 */
import { parseArguments } from "./arguments.ts";
import { type Memory, memoryOf } from "./memory.ts";
import { fail, orExit } from "./or_exit.ts";
import { findPython, pythonText } from "./peers/python.ts";
import {
  type BenchRecord,
  type Comparison,
  facts,
  type Line,
  lineOf,
  tableText,
} from "./record.ts";
import { setups } from "./setups.ts";
import { type Row, rowsNamed } from "./table.ts";
import { type Contestant, type Result, takeColdTurns, takeTurns } from "./turns.ts";

/** Load average above which the machine counts as busy. */
const LOADED = 0.5;

const { rounds, names, python: given } = orExit(() => parseArguments(Deno.args));
const chosen = rowsNamed(names);
const start = Deno.loadavg()[0]!;
const date = new Date().toISOString();
if (start > LOADED) {
  console.log(
    `warning: load average ${start.toFixed(2)} at the start: other processes are running`,
  );
}
const python = await findPython(given).catch((error) => fail(error));
console.log(pythonText(python));

const results: Record<string, Record<string, Record<string, Result>>> = {};
const memory: Record<string, Memory> = {};
const agreements: Comparison[] = [];
const records = new URL("results/", import.meta.url);
const file = new URL(`cpu-${date.slice(0, 16).replace(":", "")}.json`, records);
const lines: Line[] = [];
for (const name of Object.keys(setups) as (keyof typeof setups)[]) {
  const here = chosen.filter(({ setup }) => setup === name);
  if (here.length === 0) continue;
  await measure(name, here);
  // After each setup: a failure in the last one must not cost the half hour before it.
  await writeRecord();
}

console.log(`\n${tableText(inOrder(), memory)}\n`);
const failed = agreements.filter(({ difference, limit }) => !(difference <= limit));
for (const { setup, work, peer, what, difference, limit } of failed) {
  const apart = `does not agree: ${what}, ${difference.toExponential(1)} apart (limit ${limit})`;
  console.log(`${setup}, ${work}, ${peer}: ${limit === 0 ? what : apart}`);
}
if (agreements.length > 0) {
  console.log(`${agreements.length - failed.length} of ${agreements.length} answers agree`);
}
console.log(file.pathname);
// Idle workers of the engine would keep the process alive.
Deno.exit(failed.length > 0 ? 1 : 0);

/** The lines so far, in the table's order. */
function inOrder(): Line[] {
  return chosen.flatMap(({ name }) => lines.find((line) => line.name === name) ?? []);
}

/** Writes the record of what has been measured so far. */
async function writeRecord(): Promise<void> {
  const record: BenchRecord & Awaited<ReturnType<typeof facts>> = {
    date,
    ...await facts(python),
    load: { start, end: Deno.loadavg()[0]! },
    isLoaded: start > LOADED,
    ...{ rounds, lines: inOrder(), agreements, memory, results },
  };
  await Deno.mkdir(records, { recursive: true });
  await Deno.writeTextFile(file, `${JSON.stringify(record, null, 2)}\n`);
}

/** Runs the contestants that the rows of a setup need, in turn, and then their memory. */
async function measure(name: keyof typeof setups, here: readonly Row[]): Promise<void> {
  const folder = await Deno.makeTempDir();
  const setup = await setups[name](python, folder);
  const byWork: Record<string, Record<string, Result>> = {};
  results[name] = byWork;
  for (const work of new Set(here.map(({ does }) => does))) {
    const needed = new Set(
      here.filter(({ does }) => does === work).flatMap(({ ours, peers }) => [ours, ...peers]),
    );
    const contestants = await agreeing(
      setup.works[work]!.filter(({ family, name }) =>
        family === "Fluxion" || needed.has(family) || needed.has(name)
      ),
      { setup: name, work: work.startsWith("{") ? "train" : work },
    );
    byWork[work] = setup.coldRounds === undefined
      ? await takeTurns(contestants, rounds)
      : await takeColdTurns(contestants, Math.min(rounds, setup.coldRounds));
    console.log(`\n${name}, ${work}\n${resultsText(byWork[work])}`);
  }
  // Of the peers' many processes only the one measured may hold memory and cores.
  await setup.close();
  for (const row of here) {
    const line = lineOf(row, byWork[row.does]!);
    lines.push(line);
    memory[row.name] = await memoryOf(line, setup, byWork[row.does]!);
  }
  await Deno.remove(folder, { recursive: true });
}

/**
 * Those whose answers agree with Fluxion's. The others, and those that fail (a peer without a C++
 * compiler), are named in the end, and take no turns.
 */
async function agreeing(
  contestants: readonly Contestant[],
  place: Pick<Comparison, "setup" | "work">,
): Promise<Contestant[]> {
  const kept: Contestant[] = [];
  // Whoever fails here fails again below, where it is said.
  await Promise.all(contestants.map((contestant) => contestant.start?.().catch(() => {})));
  for (const contestant of contestants) {
    const agreement = await contestant.check?.().catch((error: Error) => ({
      ...{ what: `failed: ${error.message}`, difference: Infinity, limit: 0 },
    }));
    if (agreement !== undefined) {
      agreements.push({ ...place, peer: contestant.name, ...agreement });
      if (!(agreement.difference <= agreement.limit)) continue;
    }
    kept.push(contestant);
  }
  return kept;
}

function resultsText(measured: Readonly<Record<string, Result>>): string {
  return Object.entries(measured).map(([who, result]) => {
    const { medianMs, leastMs, cpuMs, prepareMs, nfe, ms } = result;
    const digits = medianMs < 10 ? 2 : 1;
    return `  ${who.padEnd(36)} median ${
      medianMs.toFixed(digits).padStart(8)
    } ms of ${ms.length}, ` +
      `least ${leastMs.toFixed(digits).padStart(8)}` +
      (cpuMs === null ? "" : `, CPU time ${cpuMs.toFixed(digits)} ms`) +
      (prepareMs === null ? "" : `, before ${(prepareMs / 1000).toFixed(1)} s`) +
      (nfe === null ? "" : `, NFE ${nfe.toFixed(1)}`);
  }).join("\n");
}
