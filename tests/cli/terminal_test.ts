// Every subcommand on a pseudo-terminal, by the command line of deno.json's task.
import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { fluxion, inFolder } from "./_fluxion.ts";
import {
  assertBar,
  assertClean,
  BAR,
  onTerminal,
  screen,
  type TerminalOptions,
} from "./_terminal.ts";
import { type TerminalCase, terminalCases, trainings } from "./_terminal_cases.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** `deno task fluxion ARGS`, typed in a folder. */
const typed = (args: string) => `deno task -q --config ${root}/deno.json fluxion ${args}`;

/** What `deno task` starts, without it: it gives the prompt back before the program has ended. */
const started = (args: string) =>
  `export INIT_CWD="$PWD"; cd ${root}; exec ${settings.tasks.fluxion.command} ${args}`;

const long = "--steps 100000 --hidden 4 --batch-size 8";

async function check(test: TerminalCase, options: TerminalOptions): Promise<void> {
  const what = `${test.args} at ${options.columns} columns`;
  const outcome = await onTerminal(typed(test.args), options);
  assert.equal(outcome.code, test.code, `${what}: ${outcome.written.slice(-500)}`);
  assert.match(outcome.lines.join("\n"), test.shows, what);
  assertClean(outcome, what);
  if (test.bar) assertBar(outcome, what);
}

Deno.test("screen() wraps, goes back and clears like a terminal", () => {
  assert.deepEqual(screen("abc\r\nde\rx\r\n", 80), ["abc", "xe", ""]);
  assert.deepEqual(screen("\r\x1b[32m███\x1b[39m step\x1b[K\r\x1b[Kdone\r\n", 80), ["done", ""]);
  // A line that is too long leaves its beginning.
  assert.deepEqual(screen("\r██████\x1b[K\r\x1b[K", 4), ["████", ""]);
});

Deno.test("on a terminal every subcommand runs without a question and leaves a clean screen", () =>
  inFolder(async (cwd) => {
    for (const training of trainings) await check(training, { columns: 60, cwd });
    for (const columns of [60, 120]) {
      for (const test of terminalCases(columns)) {
        if (!test.long || columns === 60) await check(test, { columns, cwd });
      }
    }
  }));

Deno.test("on a terminal Ctrl-C ends with 130 and a clean line", () =>
  inFolder(async (cwd) => {
    const cases = [
      { args: `train cnf --run r ${long}`, columns: 60, at: BAR, shows: /--resume --run r$/m },
      { args: "sample r --n 100000000 --out s.npy", columns: 120, at: BAR, shows: /interrupted/ },
      { args: "homework --quick --out h", columns: 60, at: /Task 1/, shows: /go on with/ },
    ];
    for (const { args, columns, at, shows } of cases) {
      const keys = { text: "\x03", at };
      const outcome = await onTerminal(started(args), { columns, cwd, keys });
      assert.equal(outcome.code, 130, outcome.written.slice(-500));
      assertClean(outcome, args);
      assert.match(outcome.lines.join("\n"), shows);
      assert.ok(!outcome.rows.some((row) => row.includes("^C")), outcome.written.slice(-500));
    }
  }));

Deno.test("a run that is still held is waited for by --resume, which says so", () =>
  inFolder(async (cwd) => {
    const [training] = trainings;
    assert.equal((await fluxion(training!.args.split(" "), { cwd })).code, 0);
    using lock = await Deno.open(`${cwd}/cnf/.lock`, { write: true });
    assert.ok(await lock.tryLock(true));
    setTimeout(() => lock.unlockSync(), 2000);
    const resume = ["train", "cnf", "--run", "cnf", "--resume", "--steps", "42"];
    const { code, stderr } = await fluxion(resume, { cwd });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^cnf: another process is training in it; waiting up to 10 s\n/);
    assert.match(stderr, /from step 40 to 42/);
  }));
