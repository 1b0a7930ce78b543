import assert from "node:assert/strict";
import { fluxion, inFolder, start } from "./_fluxion.ts";

const options = ["--hidden", "4", "--batch-size", "8", "--backend", "cpu"];
const long = ["train", "cnf", "--run", "run", "--steps", "100000", ...options];

/** Waits until the run has logged some steps. */
async function untilTraining(folder: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    const log = await Deno.readTextFile(`${folder}/run/log.jsonl`).catch(() => "");
    if (log.split("\n").length > 4) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("training did not start within a minute");
}

function loggedSteps(folder: string): number[] {
  return Deno.readTextFileSync(`${folder}/run/log.jsonl`).trimEnd().split("\n")
    .map((line) => JSON.parse(line))
    .filter((entry) => "loss" in entry)
    .map((entry) => entry.step);
}

Deno.test("Ctrl-C stops after the current step, and the run resumes to the same bits", () =>
  inFolder(async (folder) => {
    const process = start(long, { cwd: folder });
    await untilTraining(folder);
    const asked = performance.now();
    process.kill("SIGINT");
    const { code, stdout, stderr } = await process.output();
    assert.equal(code, 130);
    assert.equal(new TextDecoder().decode(stdout), "");
    const words = new TextDecoder().decode(stderr);
    const step = Number(/interrupted at step (\d+) of 100000; go on with (.*)\n$/.exec(words)?.[1]);
    assert.match(words, /go on with fluxion train cnf --resume --run run\n$/);
    assert.ok(performance.now() - asked < 5000, `took ${performance.now() - asked} ms`);
    assert.deepEqual(loggedSteps(folder), Array.from({ length: step }, (_, i) => i + 1));

    // The schedule's horizon is stored; the uninterrupted run needs the same one.
    const end = ["--steps", "100000", "--lr-horizon", "100000"];
    const shrink = await fluxion(
      ["train", "cnf", "--resume", "--run", "run", "--steps", String(step + 3)],
      { cwd: folder },
    );
    assert.equal(shrink.code, 2, "a run may be extended, not shortened");
    const again = start(["train", "cnf", "--resume", "--run", "run", ...end], { cwd: folder });
    for (let tries = 0; loggedSteps(folder).length < step + 3; tries++) {
      assert.ok(tries < 1200, "the resumed run makes no steps");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    again.kill("SIGINT");
    assert.equal((await again.output()).code, 130);
    const steps = loggedSteps(folder);
    assert.deepEqual(steps, Array.from({ length: steps.length }, (_, i) => i + 1));

    const unbroken = [
      ["train", "cnf", "--run", "whole", "--steps", String(steps.length)],
      ["--lr-horizon", "100000", ...options, "--quiet"],
    ].flat();
    assert.equal((await fluxion(unbroken, { cwd: folder })).code, 0);
    assert.deepEqual(
      Deno.readFileSync(`${folder}/run/model.safetensors`),
      Deno.readFileSync(`${folder}/whole/model.safetensors`),
    );
  }));

Deno.test("a signal to the group of a task that hands it on is one, and so are a scheduler's two", async () => {
  // All copies must come within 0.3 s, which a busy machine may miss; a process that ended sooner got none later.
  for (let tries = 3;; tries--) {
    const { said, lastStep, ms } = await inFolder(signalTaskTwice);
    const stopped = /^stopping; a second Ctrl-C leaves at once\nfluxion: .*go on with .*\n$/m;
    if (tries > 1 && ms > 300 && !stopped.test(said)) continue;
    assert.match(said, stopped);
    assert.equal(lastStep, Number(/interrupted at step (\d+) of/.exec(said)?.[1]));
    return;
  }
});

/** Trains through `deno task` and sends SIGTERM and SIGINT to the whole process group. */
async function signalTaskTwice(
  folder: string,
): Promise<{ said: string; lastStep: number; ms: number }> {
  const root = new URL("../../", import.meta.url).pathname;
  const process = new Deno.Command("deno", {
    args: ["task", "-q", "--config", `${root}deno.json`, "fluxion", ...long],
    ...{ cwd: folder, env: { NO_COLOR: "1", INIT_CWD: folder } },
    ...{ stdin: "null", stdout: "piped", stderr: "piped", detached: true },
  }).spawn();
  await untilTraining(folder);
  const { pid } = process;
  const kill = (signal: string) => `kill -s ${signal} -- -${pid}`;
  const both = `${kill("TERM")}; ${kill("INT")}`;
  const asked = performance.now();
  assert.equal((await new Deno.Command("sh", { args: ["-c", both] }).output()).code, 0);
  const { stderr } = await process.output();
  return {
    ms: performance.now() - asked,
    said: new TextDecoder().decode(stderr),
    lastStep: loggedSteps(folder).at(-1) ?? assert.fail("no step was logged"),
  };
}

Deno.test("a second trainer of a run is refused, and the first continues", () =>
  inFolder(async (folder) => {
    const first = start(long, { cwd: folder });
    await untilTraining(folder);
    const again = ["train", "cnf", "--run", "run", "--backend", "cpu"];
    const overwritten = await fluxion([...again, "--overwrite"], { cwd: folder });
    assert.equal(overwritten.code, 2);
    assert.match(overwritten.stderr, /^fluxion: .*another process is training in it.*\n$/);
    // run_folder_test.ts waits for as long as it says.
    const resumed = start([...again, "--resume"], { cwd: folder });
    let said = "";
    for await (const text of resumed.stderr.pipeThrough(new TextDecoderStream())) {
      if (said === "") resumed.kill("SIGTERM");
      said += text;
    }
    await resumed.stdout.cancel();
    assert.equal((await resumed.status).code, 143, said);
    assert.match(said, /^run: another process is training in it; waiting up to 10 s\n/);
    first.kill("SIGTERM");
    assert.equal((await first.output()).code, 143);
  }));

Deno.test("a run folder is refused, resumed and overwritten as asked", () =>
  inFolder(async (folder) => {
    const train = (...more: string[]) =>
      fluxion(["train", "cnf", "--run", "run", ...more, "--quiet"], { cwd: folder });
    const short = ["--steps", "2", ...options];
    assert.equal((await train(...short)).code, 0);
    const refused = await train(...short);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--resume.*--overwrite/);
    const model = Deno.readFileSync(`${folder}/run/model.safetensors`);
    const finished = await fluxion(["train", "cnf", "--run", "run", "--resume"], { cwd: folder });
    assert.equal(finished.code, 0);
    assert.equal(finished.stdout, "run\n");
    assert.match(finished.stderr, /finished already, at step 2/);
    const differs = await train("--resume", "--lr", "0.5");
    assert.equal(differs.code, 2);
    assert.match(differs.stderr, /--lr 0\.5: the run has lr 0\.01/);
    assert.deepEqual(Deno.readFileSync(`${folder}/run/model.safetensors`), model);
    const longer = ["train", "cnf", "--run", "run", "--resume", "--steps", "4"];
    const resumed = await fluxion(longer, { cwd: folder });
    assert.equal(resumed.code, 0);
    assert.match(
      resumed.stderr,
      /run: finished in [\d.]+ s \(from step 2; [\d.]+ s in all sessions\), peak memory \d+\.\d+ GB/,
    );
    assert.equal(loggedSteps(folder).length, 4);
    assert.equal((await train("--overwrite", ...short)).code, 0);
    assert.deepEqual(Deno.readFileSync(`${folder}/run/model.safetensors`), model);

    // Weights of another architecture: the first tensor that differs, with both shapes.
    const wide = ["train", "cnf", "--run", "wide", "--hidden", "8", "--steps", "0", "--quiet"];
    assert.equal((await fluxion([...wide, "--backend", "cpu"], { cwd: folder })).code, 0);
    for (const file of ["model", "checkpoint"]) {
      await Deno.copyFile(
        `${folder}/wide/${file}.safetensors`,
        `${folder}/run/${file}.safetensors`,
      );
    }
    const mixed = await fluxion(["sample", "run", "--out", "x.csv", "--backend", "cpu"], {
      cwd: folder,
    });
    assert.equal(mixed.code, 2);
    assert.match(mixed.stderr, /^fluxion: .*x_proj\.weight.*\[8,2\].*\[4,2\].*\n$/);
  }));

Deno.test("a NaN loss stops the run with exit code 1 and keeps the last checkpoint", () =>
  inFolder(async (folder) => {
    const { code, stderr } = await fluxion(
      [
        ["train", "fm", "--data", "moons", "--run", "run", "--lr", "1e30", "--warmup", "0"],
        ["--steps", "50", "--save-seconds", "0", "--hidden", "4", "--batch-size", "8"],
        ["--backend", "cpu", "--quiet"],
      ].flat(),
      { cwd: folder },
    );
    assert.equal(code, 1);
    assert.match(stderr, /^fluxion: step \d+: .*\n$/);
    const logged = loggedSteps(folder);
    const sampled = await fluxion(["train", "fm", "--resume", "--run", "run", "--steps", "50"], {
      cwd: folder,
    });
    assert.equal(sampled.code, 1, "the same step fails again");
    assert.deepEqual(loggedSteps(folder), logged);
  }));
