import assert from "node:assert/strict";
import { fluxion, inFolder, start } from "./_fluxion.ts";

/**
 * Work that would take hours, mostly within single WebAssembly calls: one control group, one step
 * on images, one chunk of samples. `run` is a briefly trained model of points.
 */
const works = {
  "train cnf, one long solve": [
    ...["train", "cnf", "--run", "cnf", "--control-group", "batch", "--hidden", "64"],
    ...["--solver", "rk4", "--solver-steps", "1000000", "--gradient", "adjoint", "--threads", "1"],
    ...["--batch-size", "512", "--backend", "cpu"],
  ],
  "train fm, long steps of images": [
    ...["train", "fm", "--run", "fm", "--net", "resnet", "--blocks", "8", "--batch-size", "256"],
    ...["--backend", "cpu"],
  ],
  "sample to stdout": ["sample", "run", "--n", "1000000000", "--out", "-", "--backend", "cpu"],
  "eval": ["eval", "run", "--solver", "rk4", "--solver-steps", "10000000", "--backend", "cpu"],
  "log-prob": [
    ...["log-prob", "run", "--points", "points.csv", "--control-group", "batch"],
    ...["--solver", "rk4", "--solver-steps", "10000000", "--backend", "cpu"],
  ],
  "plot": ["plot", "run", "--solver", "rk4", "--solver-steps", "10000000", "--backend", "cpu"],
  "theory": ["theory", "kfp", "--json", "--backend", "cpu"],
  "report": ["report", "--theory", "--out", "report.html", "--backend", "cpu"],
  "homework": ["homework", "--quick", "--out", "homework", "--backend", "cpu"],
} as const;

/** One second is documented; allow more on a machine that is busy with other tests. */
const SLACK_MS = 4000;

/** Result of a process that was signalled while it worked. */
interface Ended {
  readonly code: number;
  readonly stderr: string;
  readonly ms: number;
}

/** Starts work and signals it; retries later if it was not listening yet. */
async function endBy(
  signal: Deno.Signal,
  args: readonly string[],
  cwd: string,
): Promise<Ended> {
  for (let delayMs = 1000; delayMs < 30_000; delayMs *= 2) {
    const process = start(args, { cwd });
    const sink = process.stdout.pipeTo(new WritableStream());
    const said = new Response(process.stderr).text();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const asked = performance.now();
    process.kill(signal);
    const timer = setTimeout(() => process.kill("SIGKILL"), 30_000);
    const { code } = await process.status;
    clearTimeout(timer);
    await sink;
    const stderr = await said;
    if (stderr.includes("stopping")) return { code, stderr, ms: performance.now() - asked };
    // Before the listener is active, the signal ends the process by default.
  }
  throw new Error("it never started to listen");
}

const cases = [
  ["train cnf, one long solve", "SIGHUP", 129],
  ["train fm, long steps of images", "SIGTERM", 143],
  ["sample to stdout", "SIGINT", 130],
  ["eval", "SIGTERM", 143],
  ["log-prob", "SIGHUP", 129],
  ["plot", "SIGINT", 130],
  ["theory", "SIGTERM", 143],
  ["report", "SIGHUP", 129],
  ["homework", "SIGINT", 130],
] as const;

Deno.test("every command that computes reacts to signals within a second", async (t) => {
  await inFolder(async (folder) => {
    const train = ["train", "cnf", "--run", "run", "--steps", "2", "--hidden", "8", "--quiet"];
    assert.equal((await fluxion([...train, "--backend", "cpu"], { cwd: folder })).code, 0);
    await Deno.writeTextFile(`${folder}/points.csv`, "0.1,0.2\n".repeat(2000));
    for (const [name, signal, expected] of cases) {
      await t.step(`${name}, ${signal}`, async () => {
        const { code, stderr, ms } = await endBy(signal, works[name], folder);
        assert.equal(code, expected, stderr);
        assert.match(stderr, /^stopping; a second Ctrl-C leaves at once\n/m);
        assert.match(stderr, /fluxion: interrupted.*\n$/);
        assert.ok(ms < SLACK_MS, `took ${ms} ms`);
        for (const run of ["cnf", "fm"]) {
          if (!name.includes(`train ${run}`)) continue;
          assert.ok((await Deno.stat(`${folder}/${run}/checkpoint.safetensors`)).isFile);
        }
        const left = [...Deno.readDirSync(folder)].map((entry) => entry.name);
        assert.ok(!left.some((file) => file.endsWith(".tmp")), left.join(" "));
      });
    }
  });
});

Deno.test("a second signal ends the process at once, whatever the work waits for", () =>
  inFolder(async (folder) => {
    const train = ["train", "cnf", "--run", "run", "--steps", "0", "--hidden", "4", "--quiet"];
    assert.equal((await fluxion([...train, "--backend", "cpu"], { cwd: folder })).code, 0);
    const process = start(works["sample to stdout"], { cwd: folder });
    const stderr = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    // It works, so it listens. Nobody reads more of stdout, so the program blocks in its write forever.
    const stdout = process.stdout.getReader();
    await stdout.read();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    process.kill("SIGTERM");
    let said = "";
    while (!said.includes("stopping")) said += (await stderr.read()).value ?? assert.fail(said);
    // A second one that is too early counts as the first, and a busy machine may be late with the clock: again.
    const send = (signal: Deno.Signal) => {
      try {
        process.kill(signal);
      } catch {
        // It has just ended.
      }
    };
    const again = setInterval(() => send("SIGTERM"), 500);
    const timer = setTimeout(() => send("SIGKILL"), SLACK_MS);
    const { code } = await process.status;
    clearInterval(again);
    clearTimeout(timer);
    assert.equal(code, 143);
    await stdout.cancel();
    await stderr.cancel();
  }));

Deno.test("a signal ends a command that waits for input", () =>
  inFolder(async (folder) => {
    const train = ["train", "cnf", "--run", "run", "--steps", "0", "--hidden", "4", "--quiet"];
    assert.equal((await fluxion([...train, "--backend", "cpu"], { cwd: folder })).code, 0);
    for (
      const args of [["log-prob", "run", "--points", "-"], ["train", "cnf", "--data", "-"]]
    ) {
      let said = "";
      for (let delayMs = 2500; said === "" && delayMs < 30_000; delayMs *= 2) {
        const process = start(args, { cwd: folder, stdin: "" });
        const input = process.stdin.getWriter();
        await input.write(new TextEncoder().encode("1,2\n"));
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        process.kill("SIGTERM");
        const timer = setTimeout(() => process.kill("SIGKILL"), SLACK_MS);
        const { code, stderr } = await process.output();
        clearTimeout(timer);
        assert.equal(code, 143);
        // Nothing if it was not listening yet.
        said = new TextDecoder().decode(stderr);
        await input.close().catch(() => {});
      }
      assert.match(said, /^stopping; .*\nfluxion: interrupted; .*\n$/);
    }
  }));
