import assert from "node:assert/strict";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { encodeRunConfig } from "../../../src/train/run/load_run.ts";
import {
  epochOf,
  holdRun,
  latestRun,
  runFile,
  runName,
  samplesFile,
} from "../../../src/train/run/run_folder.ts";
import { inFolder } from "../../support/in_folder.ts";

const config = encodeRunConfig({
  config: resolveConfig("cnf"),
  network: mlpNetwork({ dims: 2, hidden: 64 }),
  standardization: null,
  columns: null,
  dropped: [],
  dataFile: null,
  testFile: null,
  flowValues: {},
});

const naming = (root: string, mode: "new" | "resume" | "overwrite" = "new") => ({
  mode,
  root,
  name: "cnf-moons",
});

Deno.test("holdRun() without a path takes the next free number", () =>
  inFolder(async (root) => {
    const hold = async () => {
      using held = await holdRun(null, naming(`${root}/runs`));
      return held.path;
    };
    assert.equal(await hold(), `${root}/runs/cnf-moons-0001`);
    assert.equal(await hold(), `${root}/runs/cnf-moons-0002`);
    await Deno.mkdir(`${root}/runs/cnf-moons-0041`);
    await Deno.mkdir(`${root}/runs/fm-moons-0099`);
    assert.equal(await hold(), `${root}/runs/cnf-moons-0042`);
  }));

Deno.test("holdRun() called many times concurrently returns different folders", () =>
  inFolder(async (root) => {
    const helds = await Promise.all(
      Array.from({ length: 8 }, () => holdRun(null, naming(root))),
    );
    assert.equal(new Set(helds.map(({ path }) => path)).size, 8);
    for (const held of helds) held[Symbol.dispose]();
  }));

Deno.test("holdRun() refuses an existing run unless it resumes or overwrites", () =>
  inFolder(async (root) => {
    const path = `${root}/x`;
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/config.json`, config);
    await assert.rejects(holdRun(path, naming(root)), {
      name: "InputError",
      message:
        /x: exists; train with `mode: "resume"` continues it, `mode: "overwrite"` replaces it/,
    });
    (await holdRun(path, naming(root, "resume")))[Symbol.dispose]();
    (await holdRun(path, naming(root, "overwrite")))[Symbol.dispose]();
  }));

Deno.test("holdRun() with overwrite removes a run's files and no others", () =>
  inFolder(async (root) => {
    const path = `${root}/x`;
    await Deno.mkdir(`${path}/samples`, { recursive: true });
    await Deno.writeTextFile(`${path}/config.json`, config);
    for (const name of ["log.jsonl", "notes.txt", "samples/epoch-0001.png", "samples/mine.png"]) {
      await Deno.writeTextFile(`${path}/${name}`, "");
    }
    // A process killed before it has written its config leaves a folder that is still a run.
    for (const mode of ["overwrite", "overwrite", "resume"] as const) {
      (await holdRun(path, naming(root, mode)))[Symbol.dispose]();
    }
    const names = async (folder: string) =>
      (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assert.deepEqual(await names(path), [".lock", "config.json", "notes.txt", "samples"]);
    assert.deepEqual(await names(`${path}/samples`), ["mine.png"]);
  }));

Deno.test("holdRun() with overwrite removes nothing behind a link to another run's samples", () =>
  inFolder(async (root) => {
    const picture = `${root}/precious/epoch-0001.png`;
    await Deno.mkdir(`${root}/precious`);
    await Deno.writeTextFile(picture, "mine");
    await Deno.mkdir(`${root}/x`);
    await Deno.writeTextFile(`${root}/x/config.json`, config);
    // Deno.symlink requires unrestricted write permission.
    const script = 'ln -s ../precious "$1/x/samples"';
    await new Deno.Command("sh", { args: ["-c", script, "sh", root] }).output();
    (await holdRun(`${root}/x`, naming(root, "overwrite")))[Symbol.dispose]();
    assert.equal(await Deno.readTextFile(picture), "mine");
    await assert.rejects(Deno.lstat(`${root}/x/samples`), Deno.errors.NotFound);
  }));

Deno.test("epochOf() accepts the names that runs write, and no others", () => {
  assert.equal(epochOf("epoch-0012.png", "png"), 12);
  assert.equal(epochOf("epoch-12345.safetensors", "safetensors"), 12345);
  for (const name of ["epoch-9.png", "epoch-0000.png", "epoch-00012.png", "a-epoch-0001.png"]) {
    assert.equal(epochOf(name, "png"), null, name);
  }
  assert.equal(epochOf("epoch-0001.png", "safetensors"), null);
  assert.equal(epochOf(`epoch-${"9".repeat(20)}.png`, "png"), null);
});

Deno.test("holdRun() with overwrite leaves a folder alone that is not a run", () =>
  inFolder(async (root) => {
    const path = `${root}/precious`;
    await Deno.mkdir(path);
    for (const content of ["{}", '{"model":"cnf"}', "not json", '{"name":"an npm package"}']) {
      await Deno.writeTextFile(`${path}/config.json`, content);
      await Deno.writeTextFile(`${path}/log.jsonl`, "mine");
      await assert.rejects(holdRun(path, naming(root, "overwrite")), {
        name: "InputError",
        message: /precious: has files but is not a run folder/,
      });
      assert.equal(await Deno.readTextFile(`${path}/log.jsonl`), "mine");
    }
  }));

Deno.test("holdRun() accepts an empty folder and refuses files and invalid paths", () =>
  inFolder(async (root) => {
    await Deno.mkdir(`${root}/empty`);
    (await holdRun(`${root}/empty`, naming(root)))[Symbol.dispose]();
    await Deno.writeTextFile(`${root}/file`, "");
    await assert.rejects(holdRun(`${root}/file`, naming(root)), {
      name: "InputError",
      message: /file: is a file/,
    });
    await assert.rejects(holdRun(`${root}/file/run`, naming(root)), { name: "InputError" });
    await assert.rejects(holdRun(`${root}/nothing`, naming(root, "resume")), {
      name: "InputError",
      message: /nothing: not a run folder/,
    });
  }));

Deno.test("holdRun() refuses a locked folder and takes it once it is released", () =>
  inFolder(async (root) => {
    const path = `${root}/x`;
    const first = await holdRun(path, naming(root));
    await Deno.writeTextFile(`${path}/config.json`, config);
    await assert.rejects(holdRun(path, naming(root, "overwrite")), {
      name: "InputError",
      message: /x: another process is training in it/,
    });
    assert.equal(await Deno.readTextFile(`${path}/config.json`), config);
    first[Symbol.dispose]();
    (await holdRun(path, naming(root, "resume")))[Symbol.dispose]();
  }));

Deno.test("holdRun() to resume waits for the lock, reports it once, and can be aborted", () =>
  inFolder(async (root) => {
    const path = `${root}/x`;
    const first = await holdRun(path, naming(root));
    await Deno.writeTextFile(`${path}/config.json`, config);
    const resume = naming(root, "resume");
    const stopped = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(holdRun(path, { ...resume, signal: stopped }), { message: "stopped" });
    const waited: string[] = [];
    const second = holdRun(path, { ...resume, onWait: (run) => waited.push(run) });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(waited, [path]);
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    assert.deepEqual(waited, [path]);
  }));

Deno.test("holdRun() to resume gives up when it has waited as long as it said", () =>
  inFolder(async (root) => {
    const path = `${root}/x`;
    using _first = await holdRun(path, naming(root));
    await Deno.writeTextFile(`${path}/config.json`, config);
    const { now } = performance;
    let passedMs = 0, polls = 0;
    performance.now = () => now.call(performance) + passedMs;
    try {
      const refused = holdRun(path, {
        ...naming(root, "resume"),
        onWait: (_run, mostSeconds) => {
          assert.equal(mostSeconds, 10);
          passedMs = 9_500;
        },
        signal: { throwIfAborted: () => void polls++ } as AbortSignal,
      });
      await assert.rejects(refused, {
        name: "InputError",
        message: /x: another process is training in it; wait for it, or choose another folder/,
      });
    } finally {
      performance.now = now;
    }
    // The last half second passes by itself, a tenth at a time.
    assert.ok(polls >= 2 && polls <= 8, `${polls}`);
  }));

Deno.test("holdRun() removes the partial files of a killed process, and nothing else", () =>
  inFolder(async (root) => {
    const torn = `checkpoint.safetensors.${crypto.randomUUID()}.tmp`;
    const picture = `samples/epoch-0002.png.${crypto.randomUUID()}.tmp`;
    await Deno.mkdir(`${root}/samples`);
    for (const name of [torn, picture, "mine.tmp"]) {
      await Deno.writeTextFile(`${root}/${name}`, "half");
    }
    await Deno.writeTextFile(`${root}/config.json`, config);
    (await holdRun(root, naming(root, "resume")))[Symbol.dispose]();
    const names = (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).sort();
    assert.deepEqual(names, [".lock", "config.json", "mine.tmp", "samples"]);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${root}/samples`)), []);
  }));

Deno.test("latestRun() is the most recently written run", () =>
  inFolder(async (root) => {
    await assert.rejects(latestRun(`${root}/runs`), { name: "InputError" });
    const at = async (name: string, file: "config" | "checkpoint", time: number) => {
      await Deno.mkdir(`${root}/runs/${name}`, { recursive: true });
      await Deno.writeTextFile(runFile(`${root}/runs/${name}`, file), "");
      await Deno.utime(runFile(`${root}/runs/${name}`, file), time, time);
    };
    await at("old", "config", 100);
    await at("new", "config", 200);
    assert.equal(await latestRun(`${root}/runs`), `${root}/runs/new`);
    await at("old", "checkpoint", 300);
    await Deno.mkdir(`${root}/runs/no-run`);
    assert.equal(await latestRun(`${root}/runs`), `${root}/runs/old`);
  }));

Deno.test("runName() and samplesFile() return the documented names", () => {
  assert.equal(runName("cnf", "moons"), "cnf-moons");
  assert.equal(runName("cnf", "/a b/my points.csv"), "cnf-my-points");
  for (const ending of ["tsv", "txt", "parquet", "npy", "NPZ", "csv.gz"]) {
    assert.equal(runName("cnf", `people.${ending}`), "cnf-people");
  }
  assert.equal(runName("cnf", "v1.5"), "cnf-v1.5");
  assert.equal(runName("fm", "x/train-images-idx3-ubyte.gz"), "fm-train-images-idx3-ubyte");
  assert.equal(runName("cnf", "-"), "cnf-stdin");
  assert.equal(samplesFile("r", 7), "r/samples/epoch-0007.png");
});
