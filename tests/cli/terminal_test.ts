// Every subcommand on a pseudo-terminal, with the command line of deno.json's task.
import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { fluxion, inFolder, start } from "./_fluxion.ts";
import { onTerminal, screen } from "./_terminal.ts";
import { checkCases, checkInterrupts, trainings } from "./_terminal_cases.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Shell command `deno task fluxion ARGS`. */
const typed = (args: string) => `deno task -q --config ${root}/deno.json fluxion ${args}`;

/** The command behind the task: on Ctrl-C `deno task` itself exits before the program does. */
const started = (args: string) =>
  `export INIT_CWD="$PWD"; cd ${root}; exec ${settings.tasks.fluxion.command} ${args}`;

Deno.test("screen() wraps, goes back and clears like a terminal", () => {
  assert.deepEqual(screen("abc\r\nde\rx\r\n", 80), ["abc", "xe", ""]);
  assert.deepEqual(screen("\r\x1b[32m███\x1b[39m step\x1b[K\r\x1b[Kdone\r\n", 80), ["done", ""]);
  // The beginning of a line that is too long remains.
  assert.deepEqual(screen("\r██████\x1b[K\r\x1b[K", 4), ["████", ""]);
});

Deno.test("on a terminal every subcommand runs without a prompt and leaves a clean screen", () =>
  inFolder(async (cwd) => {
    await checkCases(typed, { cwd, widths: [60, 120] });
  }));

Deno.test("on a terminal Ctrl-C ends with 130 and a clean line", () =>
  inFolder(async (cwd) => {
    await checkInterrupts(started, cwd);
  }));

Deno.test("on a terminal a script that uses the library causes no prompt and no output", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(
      `${cwd}/script.ts`,
      `import { loadRun, openDevice, sample, train } from "${root}/mod.ts";
      if (Deno.args.length > 0) {
        const options = { hidden: 8, batchSize: 64, steps: 2, threads: 2, backend: "cpu" } as const;
        await train({ model: "cnf", data: "moons", ...options }, { run: "run" });
      }
      const { model } = await loadRun("run"); // perhaps before a backend was opened
      const { engines } = await openDevice("cpu", { threads: 2 });
      const { samples } = await sample(model, engines, { count: 64 });
      console.log(samples.length);`,
    );
    const deno = `deno run -q --config ${root}/deno.json -P=fluxion script.ts`; // may ask
    for (const args of ["train", ""]) {
      const { code, lines } = await onTerminal(`${deno} ${args}`, { columns: 60, cwd });
      assert.equal(code, 0, lines.join("\n"));
      assert.deepEqual(lines, ["128", ""]);
    }
  }));

Deno.test("data fetch from another host names the command that allows it, and that command works", async () => {
  const { code, stderr } = await fluxion([
    "data",
    "fetch",
    "mnist",
    "--from",
    "http://127.0.0.1:9",
  ]);
  assert.equal(code, 2);
  const command = /^fluxion: .* in the checkout's folder: (deno run .*)\n$/.exec(stderr)?.[1];
  assert.ok(command !== undefined, stderr);
  // Nothing listens on this port.
  const allowed = await onTerminal(`NO_COLOR=1 ${command}`, { columns: 60, cwd: root });
  assert.equal(allowed.code, 1);
  assert.match(allowed.lines.join("\n"), /^fluxion: cannot get /m);
});

Deno.test("--resume waits for a locked run and says so", () =>
  inFolder(async (cwd) => {
    const [training] = trainings;
    assert.equal((await fluxion(training!.args.split(" "), { cwd })).code, 0);
    using lock = await Deno.open(`${cwd}/cnf/.lock`, { write: true });
    assert.ok(await lock.tryLock(true));
    const resume = ["train", "cnf", "--run", "cnf", "--resume", "--steps", "42"];
    const process = start(resume, { cwd });
    let stderr = "";
    for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += text;
      if (stderr.includes("waiting up to")) await lock.unlock();
    }
    await process.stdout.cancel();
    assert.equal((await process.status).code, 0, stderr);
    assert.match(stderr, /^cnf: another process is training in it; waiting up to 10 s\n/);
    assert.match(stderr, /from step 40 to 42/);
  }));
