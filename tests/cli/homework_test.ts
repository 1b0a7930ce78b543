import assert from "node:assert/strict";
import { holdHomework } from "../../cli/commands/homework/folder.ts";
import { steps } from "./_tiny_homework_steps.ts";
import { fluxion, inFolder, type Outcome } from "./_fluxion.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Starts a tiny homework in a folder. */
function start(folder: string, ...args: string[]): Deno.ChildProcess {
  const flags = ["-q", "--no-prompt", "--frozen", `--config=${root}/deno.json`, "-P=fluxion"];
  return new Deno.Command("deno", {
    args: ["run", ...flags, `${root}/tests/cli/_tiny_homework.ts`, ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function ending(process: Deno.ChildProcess): Promise<Outcome> {
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Waits until a training has logged some steps with a seed. */
async function untilTraining(run: string, seed = 0): Promise<void> {
  const read = (file: string) => Deno.readTextFile(`${run}/${file}`).catch(() => "");
  for (let tries = 0; tries < 1500; tries++) {
    const isIts = (await read("config.json")).includes(`"seed": ${seed},`);
    if (isIts && (await read("log.jsonl")).split("\n").length > 4) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`${run}: training did not start within 30 s`);
}

/** Waits until a file exists. */
async function untilThere(path: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    if (await Deno.stat(path).catch(() => null) !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`${path}: not there within 30 s`);
}

/** Number of steps that a run has taken. */
function stepsOf(run: string): number {
  return JSON.parse(Deno.readTextFileSync(`${run}/metrics.json`)).steps;
}

const headings = [
  /Kolmogorov-Fokker-Planck/,
  /DDPM/,
  /variance/i,
  /Self-tests/,
  /two moons/i,
  /Hutchinson/,
  /MNIST/,
  /ResNet/,
  /U-Net/,
];

Deno.test("a homework has the same bits in one go and after being stopped, killed and continued", () =>
  inFolder(async (folder) => {
    // Uninterrupted up to its report, the longest part; results.json is written just before it.
    const unbroken = start(folder, "whole");
    await untilThere(`${folder}/whole/results.json`);
    unbroken.kill("SIGTERM");
    const whole = await ending(unbroken);
    assert.equal(whole.code, 143, whole.stderr);
    assert.match(whole.stderr, /interrupted; go on with fluxion homework --out whole/);
    for (const name of ["kfp", "ddpm", "fm-variance"]) {
      assert.match(whole.stderr, new RegExp(`^checked ${name}$`, "m"));
    }
    assert.match(whole.stderr, /left in all/);

    // Ctrl-C during the CNF's training.
    const stopped = start(folder, "parts");
    await untilTraining(`${folder}/parts/runs/cnf-moons`);
    stopped.kill("SIGINT");
    const { code, stdout, stderr } = await ending(stopped);
    assert.equal(code, 130, stderr);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /interrupted; go on with fluxion homework --out parts --backend cpu\n$/,
    );
    assert.ok(stepsOf(`${folder}/parts/runs/cnf-moons`) < steps.cnf, "stopped in the middle");

    // Kill during the flow-matching training; the theorems and the CNF are not repeated.
    const killed = start(folder, "parts");
    await untilTraining(`${folder}/parts/runs/fm-mnist`);
    const cnf = await Deno.stat(`${folder}/parts/runs/cnf-moons/model.safetensors`);
    killed.kill("SIGKILL");
    const { stderr: second } = await ending(killed);
    assert.doesNotMatch(second, /checked/);
    assert.ok(stepsOf(`${folder}/parts/runs/fm-mnist`) < steps.fm, "killed in the middle");

    const last = await ending(start(folder, "parts", "--json"));
    assert.equal(last.code, 0, last.stderr);
    assert.doesNotMatch(last.stderr, /checked/);
    assert.equal(last.stdout, Deno.readTextFileSync(`${folder}/parts/results.json`));
    assert.deepEqual(
      (await Deno.stat(`${folder}/parts/runs/cnf-moons/model.safetensors`)).mtime,
      cnf.mtime,
    );

    const files = [
      ...["kfp", "ddpm", "fm-variance"].flatMap((name) => [`${name}.json`, `${name}.png`])
        .map((name) => `theory/${name}`),
      ...["cnf-moons", "fm-mnist", "fm-mnist-unet"].flatMap((run) =>
        ["model.safetensors", "checkpoint.safetensors", "config.json"].map((file) =>
          `runs/${run}/${file}`
        )
      ),
    ];
    for (const file of files) {
      assert.deepEqual(
        Deno.readFileSync(`${folder}/parts/${file}`),
        Deno.readFileSync(`${folder}/whole/${file}`),
        file,
      );
    }
    const results = (name: string) => {
      const parts = JSON.parse(Deno.readTextFileSync(`${folder}/${name}/results.json`));
      for (const name of ["cnf", "fm", "fmUnet"]) {
        delete parts[name].stepMs, delete parts[name].seconds;
      }
      for (const figure of parts.gradients.figures) delete figure.stepMs;
      return parts;
    };
    assert.deepEqual(results("parts"), results("whole"));
    assert.equal(results("whole").kfp.pass, true);
    const { cnf: { nll }, fm, fmUnet } = results("whole");
    // Losses from epoch 0, before training, to the last step.
    assert.equal(fm.epochs[0].step, 0);
    assert.equal(fm.epochs[0].trainLoss, null);
    assert.equal(fm.epochs.at(-1).step, steps.fm);
    const { continuousFlow, flowMatching, gradients } = results("whole");
    assert.ok(continuousFlow.pass && flowMatching.pass && gradients.figures.length === 8);
    assert.ok(nll > 0 && fm.loss > 0 && fmUnet.loss > 0 && fm.loss !== fmUnet.loss);

    // The report has the homework's parts in order.
    const page = Deno.readTextFileSync(`${folder}/parts/report.html`);
    const found = [...page.matchAll(/<h[23][^>]*>(.*?)<\/h[23]>/gs)].map(([, words]) => words!);
    const places = headings.map((heading) => found.findIndex((words) => heading.test(words)));
    assert.ok(places.every((place) => place >= 0), `${found}`);
    assert.deepEqual(places, places.toSorted((a, b) => a - b), `${found}`);

    // The comparison of gradients and the self-tests are in it.
    assert.match(page, /checks pass/);
    assert.match(page, /Hutchinson, adjoint/);

    // Its commands name the folder from where it was made, so that is where they run.
    assert.match(page, /to be run in <code[^>]*>\.\.<\/code>, seen from the folder of this file/);

    // Finished parts are not repeated.
    const { mtime } = await Deno.stat(`${folder}/parts/report.html`);
    const again = await ending(start(folder, "parts"));
    assert.equal(again.code, 0);
    assert.equal(again.stdout, "parts\n");
    assert.match(again.stderr, /parts\/report\.html: finished already/);
    assert.deepEqual((await Deno.stat(`${folder}/parts/report.html`)).mtime, mtime);

    // Another seed is another homework.
    const refused = await ending(start(folder, "parts", "5"));
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^parts: holds a homework with --seed 0, not --seed 5; .*--out.*--overwrite\n$/,
    );
    const replacing = start(folder, "--overwrite", "parts", "5");
    await untilTraining(`${folder}/parts/runs/cnf-moons`, 5);
    const busy = await ending(start(folder, "parts", "5"));
    assert.equal(busy.code, 2);
    assert.match(busy.stderr, /^parts: another process works in it;.*\n$/);
    replacing.kill("SIGTERM");
    assert.equal((await ending(replacing)).code, 143);
    assert.match(Deno.readTextFileSync(`${folder}/parts/theory/kfp.json`), /"seed": 5/);
    assert.deepEqual(
      [...Deno.readDirSync(`${folder}/parts`)].map(({ name }) => name).sort(),
      [".lock", "homework.json", "runs", "self_tests.json", "theory"],
    );
  }));

Deno.test("a homework killed while being overwritten is overwritten by the same command", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/notes.txt`, "a person's");
    const options = { size: "quick", seed: 0, backend: "auto" } as const;
    await Deno.writeTextFile(
      `${folder}/homework.json`,
      JSON.stringify({ format: 2, ...options }),
    );
    const replace = () => holdHomework(folder, { options, overwrite: true });
    const { rename } = Deno;
    Deno.rename = () => Promise.reject(new Error("killed"));
    try {
      await assert.rejects(replace(), /killed/);
    } finally {
      Deno.rename = rename;
    }
    (await replace())[Symbol.dispose]();
  }));

Deno.test("fluxion homework refuses a folder with other files and changes nothing there", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/mine`);
    await Deno.writeTextFile(`${folder}/mine/thesis.tex`, "");
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/old`);
    await Deno.writeTextFile(`${folder}/old/homework.json`, `{ "format": 99 }`);
    await Deno.mkdir(`${folder}/small`);
    const options = { format: 2, size: "quick", seed: 0, backend: "auto" };
    await Deno.writeTextFile(`${folder}/small/homework.json`, JSON.stringify(options));
    const cases: readonly (readonly [args: readonly string[], words: RegExp])[] = [
      [["--out", "mine"], /^fluxion: mine: has files but is no homework; .*--out/],
      [["--out", "mine", "--overwrite"], /^fluxion: mine: has files but is no homework; .*--out/],
      [["--out", "file"], /^fluxion: file: a file is in the way; .*--out/],
      [["--out", "file/below"], /^fluxion: file\/below: a file is in the way/],
      [["--out", "old"], /^fluxion: old\/homework\.json: not of a homework that this version/],
      [["--out", "small"], /holds a homework with --quick, not the full size \(no --quick\);/],
      [["--out", "small", "--quick", "--backend", "cpu"], /--backend auto, not --backend cpu;/],
      [["--out="], /^fluxion: --out: expected a value/],
      [["--seed=-1"], /^fluxion: --seed -1: expected a whole number/],
      [["--quik"], /did you mean --quick/],
      [["mine"], /^fluxion: unexpected argument mine/],
    ];
    for (const [args, words] of cases) {
      const { code, stdout, stderr } = await fluxion(["homework", ...args], { cwd: folder });
      assert.equal(code, 2, `${args}: ${stderr}`);
      assert.match(stderr, words);
      assert.match(stderr, /^[^\n]*\n$/, "one line");
      assert.equal(stdout, "");
    }
    const left = ["file", "mine", "old", "small"];
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), left);
    for (const [name, count] of [["mine", 1], ["old", 1], ["small", 1]] as const) {
      assert.equal([...Deno.readDirSync(`${folder}/${name}`)].length, count, name);
    }
  }));
