/**
 * CPU benchmarks: every row is a ratio of medians, measured in alternating turns in one run.
 *
 *   deno task bench:cpu [--rounds N] [ROW...]
 *
 * See docs/benchmarks.md for the method and the peers' requirements.
 */
import { type Peaks, peaksOf } from "./memory.ts";
import { findPython } from "./peer.ts";
import { type BenchRecord, facts, type Line, lineOf, peaksText, tableText } from "./record.ts";
import type { Agreement } from "./setup.ts";
import { type Row, rows, rowsNamed, setups } from "./table.ts";
import { type Result, takeOneTurn, takeTurns } from "./turns.ts";

const DEFAULT_ROUNDS = 9;
/** Load average above which the machine counts as busy. */
const LOADED = 0.5;

const { rounds, names } = parse(Deno.args);
const chosen = rowsNamed(names);
const start = Deno.loadavg()[0]!;
const date = new Date().toISOString();
if (start > LOADED) {
  console.log(
    `warning: load average ${start.toFixed(2)} at the start: other processes are running`,
  );
}
const python = await findPython();
console.log(
  python === null
    ? "no python3 with PyTorch: rows that compare with it are skipped"
    : `Python ${python.python}, PyTorch ${python.torch}, ` +
      (python.torchdiffeq === null
        ? "no torchdiffeq (PYTHONPATH): rows that compare with it are skipped"
        : `torchdiffeq ${python.torchdiffeq}`),
);

const results: Record<string, Record<string, Record<string, Result>>> = {};
const memory: Record<string, Peaks> = {};
const agreements: Agreement[] = [];
for (const name of Object.keys(setups) as (keyof typeof setups)[]) {
  const here = chosen.filter(({ setup }) => setup === name);
  if (here.length === 0) continue;
  results[name] = await measure(name, here);
  memory[name] = await peaksOf(name, results[name]);
  console.log(`\n${name}, peak memory\n${peaksText(memory[name])}`);
}

const lines: Line[] = chosen.map((row) => lineOf(row, results[row.setup]![row.does]!));
const end = Deno.loadavg()[0]!;
console.log(`\n${tableText(lines)}\n`);
for (const { what, difference, limit } of agreements) {
  const verdict = difference <= limit ? "agree" : "DO NOT AGREE";
  console.log(`${what}: ${verdict}, ${difference.toExponential(1)} apart at most (limit ${limit})`);
}
const record: BenchRecord & Awaited<ReturnType<typeof facts>> = {
  date,
  ...await facts(python),
  load: { start, end },
  isLoaded: start > LOADED,
  ...{ rounds, lines, agreements, memory, results },
};
const folder = new URL("results/", import.meta.url);
await Deno.mkdir(folder, { recursive: true });
const file = new URL(`cpu-${date.slice(0, 16).replace(":", "")}.json`, folder);
await Deno.writeTextFile(file, `${JSON.stringify(record, null, 2)}\n`);
console.log(file.pathname);
if (agreements.some(({ difference, limit }) => !(difference <= limit))) Deno.exitCode = 1;

/** Runs the contestants that the rows need, in turn. */
async function measure(name: keyof typeof setups, here: readonly Row[]) {
  const folder = await Deno.makeTempDir();
  const setup = await setups[name](python, folder);
  const byWork: Record<string, Record<string, Result>> = {};
  agreements.push(...setup.agreements);
  for (const work of new Set(here.map(({ does }) => does))) {
    const needed = here.filter(({ does }) => does === work).flatMap((
      { ours, peer },
    ) => [ours, peer]);
    const labels = new Set(["Fluxion", ...needed]);
    const contestants = setup.works[work]!.filter(({ name }) => labels.has(name.split(",")[0]!));
    const measured = setup.isLong
      ? await takeOneTurn(contestants)
      : await takeTurns(contestants, rounds);
    byWork[work] = measured;
    console.log(`\n${name}, ${work}`);
    for (const [who, { medianMs, leastMs, cpuMs, nfe, ms }] of Object.entries(measured)) {
      console.log(
        `  ${who.padEnd(34)} median ${medianMs.toFixed(1).padStart(8)} ms of ${ms.length}, ` +
          `least ${leastMs.toFixed(1).padStart(8)}` +
          (cpuMs === null ? "" : `, CPU time ${cpuMs.toFixed(1)} ms`) +
          (nfe === null ? "" : `, NFE ${nfe.toFixed(1)}`),
      );
    }
  }
  await setup.close();
  await Deno.remove(folder, { recursive: true });
  return byWork;
}

function parse(args: readonly string[]): { rounds: number; names: string[] } {
  const at = args.indexOf("--rounds");
  const rounds = at < 0 ? DEFAULT_ROUNDS : Number(args[at + 1]);
  const names = args.filter((_, i) => at < 0 || (i !== at && i !== at + 1));
  if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds: expected a whole number from 1");
  const unknown = names.find((name) => rowsNamed([name]).length === 0);
  if (unknown !== undefined) {
    fail(`${unknown}: no such row; there are ${rows.map(({ name }) => name).join(", ")}`);
  }
  return { rounds, names };
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}
