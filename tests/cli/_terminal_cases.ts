import assert from "node:assert/strict";
import { assertBar, assertClean, BAR, onTerminal } from "./_terminal.ts";

/** A command to run on a terminal, with its documented exit code. */
export interface TerminalCase {
  readonly args: string;
  readonly code: number;
  /** Matches the final screen. */
  readonly shows: RegExp;
  /** Whether it draws a progress bar. */
  readonly bar?: true;
  /** Whether all lines, of results and messages, fit the terminal's width. */
  readonly fits?: true;
}

const cpu = "--backend cpu";
const tiny = "--hidden 4 --batch-size 8 --steps 40 --sample-every 0";
const images = "--filters 4 --batch-size 4 --steps 2 --sample-every 0";

/** Makes the folders `cnf` and `fm` that the cases read. Images request an adapter. */
export const trainings: readonly TerminalCase[] = [
  { args: `train cnf --run cnf --overwrite ${tiny}`, code: 0, shows: /^cnf$/m, bar: true },
  {
    args: `train fm --run fm --overwrite ${images} --solver euler --solver-steps 2`,
    code: 0,
    shows: /^fm$/m,
    bar: true,
  },
];

/** The cases for one width; file names contain the width, so that widths do not collide. */
function terminalCases(columns: number): readonly TerminalCase[] {
  return [
    { args: "--help", code: 0, shows: /EXAMPLES/, fits: true },
    { args: "train fm --help", code: 0, shows: /--filters/, fits: true },
    { args: "trian", code: 2, shows: /did you mean\s+train/, fits: true },
    {
      args: `train cnf --run cnf --resume --overwrite`,
      code: 2,
      shows: /give one of\s+them/,
      fits: true,
    },
    { args: "train cnf --run cnf --resume", code: 0, shows: /finished already/, fits: true },
    {
      args: `sample cnf --n 300 --out points-${columns}.csv ${cpu}`,
      code: 0,
      shows: /^$/,
      bar: true,
    },
    { args: `sample fm --n 4 --out digits-${columns}.png`, code: 0, shows: /^$/, bar: true },
    { args: `sample cnf --n 4 --out - ${cpu}`, code: 0, shows: /^-?\d\S*,-?\d\S*$/m },
    { args: `log-prob cnf --points points-${columns}.csv ${cpu}`, code: 0, shows: /^-\d+\.\d+$/m },
    { args: "log-prob cnf --points nowhere.csv", code: 2, shows: /nowhere\.csv/, fits: true },
    // Deno opens this file only for programs with all permissions.
    {
      args: "log-prob cnf --points /proc/self/environ",
      code: 2,
      shows: /^fluxion: not permitted/m,
    },
    { args: "runs .", code: 0, shows: /^cnf +cnf [^]* finished$/m, fits: true },
    { args: `eval cnf --n 20 ${cpu}`, code: 0, shows: /"nll": / },
    { args: "eval fm --n 20", code: 0, shows: /"loss": / },
    { args: `plot cnf --out plots ${cpu}`, code: 0, shows: /density\.png/ },
    { args: "theory fm-variance", code: 0, shows: /claims hold/ },
    {
      args: `report cnf --out report-${columns}.html ${cpu}`,
      code: 0,
      shows: /report-\d+\.html$/m,
      bar: true,
    },
    {
      args: "import cnf cnf/model.safetensors --run imported",
      code: 0,
      shows: /^imported$/m,
    },
    {
      args: `compare cnf imported --out curves-${columns}.png`,
      code: 0,
      shows: /^cnf +40 [^]*^curves-\d+\.png$/m,
      fits: true,
    },
    {
      args: "compare cnf nowhere",
      code: 2,
      shows: /^fluxion: nowhere: there is no such run/m,
      fits: true,
    },
    {
      args: `sweep train cnf --run-dir sweep-${columns} ${tiny} --seed 0..1`,
      code: 0,
      shows: /^ *runs .*test loss[^]*^ *2 /m,
      bar: true,
      fits: true,
    },
    { args: "import fm nowhere.safetensors", code: 2, shows: /nowhere\.safetensors/ },
    { args: "data list", code: 0, shows: /^checkerboard/m, fits: true },
    { args: "data preview moons --out moons.png", code: 0, shows: /^moons\.png$/m },
    { args: "data fetch mnist --from nowhere", code: 2, shows: /nowhere/ },
    {
      args: "data fetch mnist --from http://127.0.0.1:9/",
      code: 2,
      shows: /^fluxion: [^]*127\.0\.0\.1:9 is not\s+allowed; to allow it,\s+run.*$/m,
    },
    { args: "data verify moons", code: 0, shows: /computed/ },
    { args: "doctor", code: 0, shows: /Backend cpu/ },
    { args: "completions bash", code: 0, shows: /__complete/ },
    { args: "version", code: 0, shows: /^fluxion \d/m },
  ];
}

/** Converts program arguments to a shell command. */
export type Typed = (args: string) => string;

/**
 * Checks every case: no prompt, exit code, no leftover progress bar. All run at the first width, at the
 * others those whose output depends on it: progress bars, and lines that are folded.
 */
export async function checkCases(
  typed: Typed,
  { cwd, widths }: { readonly cwd: string; readonly widths: readonly number[] },
): Promise<void> {
  const check = async (test: TerminalCase, columns: number) => {
    const what = `${test.args} at ${columns} columns`;
    const outcome = await onTerminal(typed(test.args), { columns, cwd });
    assert.equal(outcome.code, test.code, `${what}: ${outcome.written.slice(-500)}`);
    assert.match(outcome.lines.join("\n"), test.shows, what);
    assertClean(outcome, what);
    if (test.bar) assertBar(outcome, what);
    if (test.fits) assert.deepEqual(outcome.lines.filter((line) => line.length > columns), []);
  };
  for (const columns of widths) {
    for (const test of [...trainings, ...terminalCases(columns)]) {
      if (columns === widths[0] || test.bar || test.fits) await check(test, columns);
    }
  }
}

const long = "--steps 100000 --hidden 4 --batch-size 8";

/** Asserts that Ctrl-C ends commands with 130 and leaves only their final message on the screen. */
export async function checkInterrupts(typed: Typed, cwd: string): Promise<void> {
  const cases = [
    { args: `train cnf --run r ${long}`, columns: 60, at: BAR, shows: /--resume --run r$/m },
    { args: "sample r --n 100000000 --out s.npy", columns: 120, at: BAR, shows: /interrupted/ },
    { args: "homework --quick --out h", columns: 60, at: /Task 1/, shows: /go on with/ },
  ];
  for (const { args, columns, at, shows } of cases) {
    const outcome = await onTerminal(typed(args), { columns, cwd, keys: { text: "\x03", at } });
    assert.equal(outcome.code, 130, outcome.written.slice(-500));
    assertClean(outcome, args);
    assert.match(outcome.lines.join("\n"), shows);
    assert.ok(!outcome.rows.some((row) => row.includes("^C")), outcome.written.slice(-500));
  }
}
