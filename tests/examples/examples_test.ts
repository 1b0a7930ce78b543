// The scripts of docs/examples, run as a reader runs them: by sh, with `fluxion` on the PATH.
import assert from "node:assert/strict";
import { readNpy } from "../../src/data/formats/npy.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const examples = `${root}/docs/examples`;

/** Model and training of the size at which they take no time. */
const tiny = ["--hidden", "4", "--batch-size", "16", "--backend", "cpu"];

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a `fluxion` that starts the checkout, and a run of three steps. */
let place: string;

Deno.test.beforeAll(async () => {
  place = await Deno.makeTempDir({ prefix: "fluxion-examples-" });
  const flags = ["-q", "--no-prompt", "--frozen", `--config=${root}/deno.json`, "-P=fluxion"];
  await Deno.mkdir(`${place}/bin`);
  await Deno.writeTextFile(
    `${place}/bin/fluxion`,
    `#!/bin/sh\nexec '${Deno.execPath()}' run ${flags.join(" ")} '${root}/cli/main.ts' "$@"\n`,
    { mode: 0o755 },
  );
  await succeed('fluxion train cnf --run run --steps 3 --sample-every 1 --quiet "$@"', tiny);
});

Deno.test.afterAll(() => Deno.remove(place, { recursive: true }));

/** Runs a line of shell in the folder; `args` are its "$@". */
async function shell(
  line: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ending> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-euc", `PATH=${place}/bin:$PATH; ${line}`, "sh", ...args],
    cwd: place,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** As {@link shell}; it must end with 0. Gives its stdout. */
async function succeed(...call: Parameters<typeof shell>): Promise<string> {
  const { code, stdout, stderr } = await shell(...call);
  assert.equal(code, 0, `${call[0]}: ${stderr}`);
  return stdout;
}

/** Runs a script of the examples. */
function example(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ending> {
  return shell(`exec sh '${examples}/${script}' "$@"`, args, env);
}

/** As {@link example}; it must end with 0. Gives its stdout. */
async function succeedExample(...call: Parameters<typeof example>): Promise<string> {
  const { code, stdout, stderr } = await example(...call);
  assert.equal(code, 0, `${call[0]}: ${stderr}`);
  return stdout;
}

function scripts(): string[] {
  return [...Deno.readDirSync(examples)].map(({ name }) => name)
    .filter((name) => name !== "README.md").sort();
}

Deno.test("every example is in the README, and every script says how it is called", async () => {
  const readme = await Deno.readTextFile(`${examples}/README.md`);
  for (const name of scripts()) {
    assert.ok(readme.includes(`[${name}](${name})`), `README.md does not name ${name}`);
    if (!name.endsWith(".sh")) continue;
    const text = await Deno.readTextFile(`${examples}/${name}`);
    assert.match(text, /^#!\/bin\/sh\n/, name);
    assert.match(text, /^set -eu$/m, name);
    assert.match(text, new RegExp(`^#   (sbatch )?${name} [A-Z]+`, "m"), `${name}: its usage`);
    assert.ok(Deno.statSync(`${examples}/${name}`).mode! & 0o100, `${name} can be run`);
    const { code, stderr } = await example(name, []);
    assert.equal(code, 2, name);
    assert.match(stderr, new RegExp(`usage: (sbatch )?${name} [A-Z]+`), name);
  }
});

Deno.test("the lines of a sweep run under sh and GNU parallel, and one that is run again does nothing", async () => {
  const dir = "a sweep's {} runs";
  const options = ["train", "cnf", "--seed", "0..2", "--steps", "2", "--run-dir", dir, ...tiny];
  const sweep = (more: string) => succeed(`fluxion sweep "$@" ${more}`, options);
  await sweep("--dry-run | head -n 1 | sh");
  const trained = (seed: number) => Deno.stat(`${place}/${dir}/seed-${seed}/model.safetensors`);
  const { mtime } = await trained(0);
  const lines = await succeed('fluxion sweep "$@" --dry-run', options);
  assert.equal(lines.trimEnd().split("\n").length, 2);
  assert.equal(await sweep("--write-jobs --quiet"), `${dir}/jobs.sh\n`);
  const runs = await succeed('parallel --keep-order <"$1/jobs.sh"', [dir], { SHELL: "/bin/sh" });
  assert.equal(runs, [0, 1, 2].map((seed) => `${dir}/seed-${seed}\n`).join(""));
  assert.deepEqual((await trained(0)).mtime, mtime, "seed 0 was trained again");
  assert.match(await sweep("--table"), /^runs +test loss .*\n +3 +\d/);
  assert.equal(await sweep("--dry-run"), "");
});

Deno.test("train-until.sh goes on until the NLL is low enough, or says that it is not", async () => {
  const until = (target: string) =>
    example("train-until.sh", ["until", target, ...tiny], { STEP: "2", MOST: "4" });
  const steps = async () =>
    JSON.parse(await Deno.readTextFile(`${place}/until/metrics.json`)).steps;
  const unreached = await until("0.5");
  assert.equal(unreached.code, 1);
  assert.match(unreached.stderr, /not below 0\.5 after 4 steps/);
  assert.match(unreached.stdout, /^2 steps: NLL \S+\n4 steps: NLL \S+\n$/);
  assert.equal(await steps(), 4);
  const nll = Number(/4 steps: NLL (\S+)/.exec(unreached.stdout)![1]);
  assert.equal((await until(String(nll + 1e-9))).code, 0);
  assert.equal(await steps(), 4);
});

Deno.test("anomaly.sh finds the row that does not belong, with or without a line of names", async () => {
  const rows = ["0.1,0.9", "1,-0.4", "6,7", "0.9,0.4", "-3,-2"];
  for (const names of [[], ["x1,x2"]]) {
    await Deno.writeTextFile(`${place}/points.csv`, `${[...names, ...rows].join("\n")}\n`);
    const found = (await succeedExample("anomaly.sh", ["run", "points.csv", "2"])).trimEnd();
    const [first, second] = found.split("\n").map((line) => line.split(","));
    assert.deepEqual(first!.slice(1), ["6", "7"]);
    assert.deepEqual(second!.slice(1), ["-3", "-2"]);
    assert.ok(Number(first![0]) < Number(second![0]));
  }
});

const same = async (file: string, other: string) =>
  assert.deepEqual(
    await Deno.readFile(`${place}/${file}`),
    await Deno.readFile(`${place}/${other}`),
  );

Deno.test("parallel.sh writes the file that one process writes", async () => {
  const shards = { SHARDS: "3", PER: "5" };
  await succeedExample("parallel.sh", ["run", "shards.csv", "--log-prob"], shards);
  await succeed("fluxion sample run --n 15 --log-prob --out one.csv --quiet");
  await same("shards.csv", "one.csv");

  const failed = await example("parallel.sh", ["nowhere", "none.csv"], shards);
  assert.notEqual(failed.code, 0);
  assert.match(failed.stderr, /fluxion: .*nowhere: there is no such run/);
  const left = [...Deno.readDirSync(place)].filter(({ name }) => name.startsWith("none.csv"));
  assert.deepEqual(left, []);
});

/** The shell that a Pod of the Job runs. */
function podScript(job = "kubernetes-job.yaml"): string {
  const manifest = Deno.readTextFileSync(`${examples}/${job}`);
  const [, indent, first] = /^( *)args:\n *- \|\n( +)/m.exec(manifest)!;
  assert.ok(first!.length > indent!.length);
  const block = manifest.slice(manifest.indexOf("- |\n") + 4).split("\n");
  const end = block.findIndex((line) => !line.startsWith(first!));
  return block.slice(0, end).map((line) => line.slice(first!.length)).join("\n");
}

Deno.test("shards of a Slurm array and of a Kubernetes Job join to what one process draws", async () => {
  const tasks = [0, 1, 2].map(String);
  const per = { PER: "5" };
  await Promise.all(
    tasks.map((task) =>
      succeedExample("slurm-array.sh", ["run", "slurm"], { SLURM_ARRAY_TASK_ID: task, ...per })
    ),
  );
  await Promise.all(tasks.map((task) =>
    succeed(podScript(), [], {
      JOB_COMPLETION_INDEX: task,
      RUN: "run",
      OUT: "kubernetes",
      ...per,
    })
  ));
  await succeed("fluxion sample run --n 15 --out one.npy --quiet");
  for (const fleet of ["slurm", "kubernetes"]) {
    const parts = tasks.map((task) => `${fleet}/00000${task}.npy`);
    await succeedExample("join-npy.sh", [`${fleet}.npy`, ...parts]);
    await same(`${fleet}.npy`, "one.npy");
  }

  // A task that is run again leaves its file alone.
  const { mtime } = await Deno.stat(`${place}/slurm/000001.npy`);
  await succeedExample("slurm-array.sh", ["run", "slurm"], { SLURM_ARRAY_TASK_ID: "1", ...per });
  assert.deepEqual((await Deno.stat(`${place}/slurm/000001.npy`)).mtime, mtime);
});

Deno.test("Pods of an indexed Job train the runs of a sweep, and the last one prints the table", async () => {
  const pods = Number(
    /completions: (\d+)/.exec(
      Deno.readTextFileSync(`${examples}/kubernetes-sweep.yaml`),
    )![1],
  );
  const script = podScript("kubernetes-sweep.yaml").replace("--seed 0..4", "--seed 0");
  const more = ["--steps", "1", ...tiny];
  const pod = (index: number) =>
    succeed(script, more, { JOB_COMPLETION_INDEX: String(index), PODS: "2", OUT: "pods" });
  assert.equal(pods, 5);
  assert.equal(await pod(1), "");
  assert.match(await pod(0), /^lr +runs +test loss .*\n(0\.\d+ +1 .*\n){2}$/);
});

Deno.test("join-npy.sh joins arrays of any shape, and refuses what is none", async () => {
  const train = ["--steps", "0", "--filters", "4", "--backend", "cpu", "--quiet"];
  await succeed('fluxion train fm --run digits "$@"', train);
  const draw = ["--solver", "euler", "--solver-steps", "1", "--quiet"];
  await succeed('fluxion sample digits --n 3 --out a.npy "$@"', draw);
  await succeedExample("join-npy.sh", ["twice.npy", "a.npy", "a.npy"]);
  const [once, twice] = ["a", "twice"].map((name) =>
    readNpy(Deno.readFileSync(`${place}/${name}.npy`), name)
  );
  assert.deepEqual(twice!.shape, [6, 1, 28, 28]);
  assert.deepEqual([...twice!.values], [...once!.values, ...once!.values]);

  const refused = await example("join-npy.sh", ["none.npy", "a.npy", "run/config.json"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /run\/config\.json: not an \.npy file/);
});

Deno.test("training-gif.sh shows every picture of training, and the last one longer", async () => {
  await succeed('fluxion train cnf --run gif --steps 2 --sample-every 1 --quiet "$@"', [
    ...["--batch-size", "4000", "--hidden", "2", "--backend", "cpu", "--solver", "euler"],
    ...["--solver-steps", "2"],
  ]);
  const pictures = [...Deno.readDirSync(`${place}/gif/samples`)].length;
  await succeedExample("training-gif.sh", ["gif", "training.gif"], { DELAY: "10" });
  const delays = await succeed("identify -format '%T ' training.gif");
  assert.equal(pictures, 2);
  assert.equal(delays.trim(), "10 10 80");

  const none = await example("training-gif.sh", ["slurm", "none.gif"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /slurm\/samples has no pictures yet/);
});
