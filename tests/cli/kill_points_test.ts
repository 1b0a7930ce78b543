import assert from "node:assert/strict";
import { trainRun } from "../../cli/commands/train/run.ts";
import { idxImages } from "../data/images/idx_files.ts";
import { inFolder } from "./_fluxion.ts";

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** Epochs of two steps and of one, with evaluations, pictures and a checkpoint at every step. */
const optionsFor = (data: string) => ({
  data,
  net: "resnet",
  filters: 2,
  blocks: 1,
  batchSize: 8,
  steps: 3,
  ema: 0.9,
  evalEvery: 1,
  sampleEvery: 1,
  saveSeconds: 0,
  backend: "cpu",
  threads: 1,
  solver: "euler",
  solverSteps: 2,
  run: "run",
  quiet: true,
} as const);

type Options = ReturnType<typeof optionsFor>;

/**
 * Trains in a process that is killed before call `point`. With 0 it survives, and beside its folder
 * are copies of it as it was before each call.
 *
 * @returns The number of calls, if it survived.
 */
async function trainKilled(point: number, options: Options, cwd: string): Promise<number> {
  const flags = Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, String(value)];
  });
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "-q", "--no-prompt", "--frozen", "-A", `--config=${root}/deno.json`],
      ...[`${root}/tests/cli/_killed_training.ts`, String(point), "train", "fm", ...flags],
    ],
    cwd,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, point === 0 ? 0 : 137, text(stderr));
  return Number(text(stdout).trimEnd().split("\n").at(-1));
}

/** Paths of all files under a folder. */
function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesOf(`${folder}/${name}`).map((file) => `${name}/${file}`) : [name]
  ).sort();
}

/** Content of each file of a run, without durations and memory sizes. */
function contentOf(run: string): Map<string, string> {
  const content = new Map<string, string>();
  for (const file of filesOf(run)) {
    const bytes = Deno.readFileSync(`${run}/${file}`);
    const text = new TextDecoder("latin1").decode(bytes);
    const isTimed = file === "log.jsonl" || file === "metrics.json";
    content.set(
      file,
      isTimed ? text.replace(/"(stepMs|seconds|peakMemoryBytes)": ?[\d.e+-]+/g, '"$1"') : text,
    );
  }
  return content;
}

/** Resumes the run in this process, or starts it if it was killed before it existed. */
async function goOn(options: Options): Promise<void> {
  const { run, quiet } = options;
  const isBegun = await Deno.stat("run/config.json").then(() => true, () => false);
  await trainRun("fm", isBegun ? { run, quiet, resume: true } : options);
}

Deno.test("a run killed at any point resumes to the same bits and the same files", () =>
  inFolder(async (folder) => {
    const grey = Uint8Array.from({ length: 20 * 36 }, (_, i) => 37 * i % 256);
    await Deno.writeFile(`${folder}/images`, idxImages({ height: 6, width: 6, grey }));
    const options = optionsFor(`${folder}/images`);
    const kill = async (point: number, cwd = `${folder}/${point}`) => {
      await Deno.mkdir(cwd);
      return await trainKilled(point, options, cwd);
    };
    const count = await kill(0);
    const whole = contentOf(`${folder}/0/run`);
    assert.deepEqual([...whole.keys()], [
      ...[".lock", "checkpoint.safetensors", "config.json", "curves.png", "log.jsonl"],
      ...["metrics.json", "model.safetensors", "samples/epoch-0001.png", "samples/epoch-0002.png"],
    ]);
    // At least a rename, two flushes and a write per file, at each of four checkpoints.
    assert.ok(count > 60, `${count} calls`);

    // A kill leaves what the copy of its point holds; some points are real kills.
    const points = Array.from({ length: count }, (_, i) => String(i + 1));
    for (let point = 1; point <= count; point += 20) {
      points.push(`killed-${point}`);
      await kill(point, `${folder}/killed-${point}`);
    }
    const home = Deno.cwd();
    // Where the program looks for downloaded data; tests must not use the user's folder.
    Deno.env.set("FLUXION_DATA_DIR", folder);
    try {
      for (const point of points) {
        Deno.chdir(`${folder}/${point}`);
        await goOn(options);
        const content = contentOf("run");
        assert.deepEqual([...content.keys()], [...whole.keys()], `${point}`);
        for (const [file, bytes] of whole) {
          assert.ok(content.get(file) === bytes, `${point}: ${file} differs`);
        }
      }
    } finally {
      Deno.env.delete("FLUXION_DATA_DIR");
      Deno.chdir(home);
    }
  }));
