import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openDataset } from "../../../src/data/registry.ts";
import { readRunConfig } from "../../../src/train/run/load_run.ts";
import { train, type TrainEnvironment, type TrainSpec } from "../../../src/train/train.ts";
import { inFolder } from "../../support/in_folder.ts";

/** Rows whose first column is their number, in tenths. */
const table = (rows: number, from = 0) =>
  "x,y,label\n" +
  Array.from({ length: rows }, (_, i) => `${(from + i) / 10},${(7 * (from + i)) % 11},a\n`).join(
    "",
  );

const few = { hidden: 4, batchSize: 16, backend: "cpu", evalEvery: 0, sampleEvery: 0 } as const;

const run = (spec: Omit<TrainSpec, "model">, environment: TrainEnvironment) =>
  train({ model: "cnf", ...few, ...spec }, environment);

const configOf = async (folder: string) =>
  JSON.parse(await Deno.readTextFile(`${folder}/config.json`));

const firsts = (points: ArrayLike<number>, dims = 2) =>
  Array.from({ length: points.length / dims }, (_, i) => Math.round(10 * points[i * dims]!));

Deno.test("a resumed run goes on with the same bytes anywhere, with others if told so", () =>
  inFolder(async (folder) => {
    const a = `${folder}/a.csv`, b = `${folder}/moved.csv`, c = `${folder}/other.csv`;
    await Deno.writeTextFile(a, table(50));
    await Deno.writeTextFile(c, table(50, 1));
    const path = `${folder}/run`, drop = ["label"];
    await run({ data: a, steps: 2, drop }, { run: path });
    const sha256 = createHash("sha256").update(table(50)).digest("hex");
    assert.deepEqual((await configOf(path)).dataFile, { sha256, rows: 50, columns: 3 });

    const resume = (steps: number, data: string, change: TrainEnvironment = {}) =>
      run({ data, steps }, { run: path, mode: "resume", ...change });
    await Deno.rename(a, b);
    await assert.rejects(run({ steps: 3 }, { run: path, mode: "resume" }), {
      message: /a\.csv: no such file/,
    });
    await resume(3, b);
    assert.equal((await configOf(path)).data, b);

    const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);
    await assert.rejects(resume(4, c), {
      name: "InputError",
      message: new RegExp(
        `data: ".*other\\.csv"\`: has other bytes than the run was started with: 50 rows of 3 ` +
          `columns, SHA-256 ${
            hash(table(50, 1))
          }\\.\\.\\.; .*moved\\.csv was 50 rows of 3 columns, ` +
          `SHA-256 ${hash(table(50))}\\.\\.\\.: .*\`dataChanged: true\``,
      ),
    });
    await assert.rejects(resume(4, "moons"), { name: "InputError", message: /no file/ });
    await resume(4, c, { dataChanged: true });
    assert.equal((await configOf(path)).dataFile.sha256.slice(0, 12), hash(table(50, 1)));

    // A run of a version that did not record the content.
    const { dataFile: _, ...older } = await configOf(path);
    await Deno.writeTextFile(`${path}/config.json`, JSON.stringify(older));
    await assert.rejects(resume(5, b), { message: /the run has data .*other\.csv/ });
    await resume(5, c);
    assert.equal((await readRunConfig(path)).dataFile?.rows, 50);
  }));

Deno.test("a run on the standard input resumes from a file of the same bytes", () =>
  inFolder(async (folder) => {
    const file = `${folder}/a.csv`, path = `${folder}/run`;
    await Deno.writeTextFile(file, table(40));
    const piped = (text: string): TrainEnvironment["openDataset"] => (name, options) =>
      openDataset(name, {
        ...options,
        readStdin: () => ReadableStream.from([new TextEncoder().encode(text)]),
      });
    const spec = { data: "-", columns: ["x,y"] };
    await run({ ...spec, steps: 1 }, { run: path, openDataset: piped(table(40)) });
    await run({ ...spec, steps: 2 }, {
      run: path,
      mode: "resume",
      openDataset: piped(table(40)),
    });
    await run({ data: file, steps: 3 }, { run: path, mode: "resume" });
    await assert.rejects(
      run({ data: "-", steps: 4 }, { run: path, mode: "resume", openDataset: piped(table(41)) }),
      { message: /has other bytes/ },
    );
  }));

Deno.test("openDataset() keeps the order of a time series, or tests on another file", () =>
  inFolder(async (folder) => {
    const a = `${folder}/a.csv`, b = `${folder}/b.csv`;
    await Deno.writeTextFile(a, table(50));
    await Deno.writeTextFile(
      b,
      "more,y,x\n".concat(
        Array.from({ length: 7 }, (_, i) => `?,0,${(90 + i) / 10}\n`).join(""),
      ),
    );
    const columns = { kind: "select", drop: ["label"] } as const;
    const open = async (change: Parameters<typeof openDataset>[1]) => {
      const dataset = await openDataset(a, { columns, ...change });
      assert.ok(dataset.kind === "points");
      return [firsts(dataset.train.points), firsts(dataset.test.points)];
    };
    const rising = Array.from({ length: 50 }, (_, i) => i);
    const [train, test] = await open({ split: "ordered" });
    assert.deepEqual([train, test], [rising.slice(0, 40), rising.slice(40)]);
    assert.deepEqual(await open({ testData: b }), [rising, [90, 91, 92, 93, 94, 95, 96]]);
    assert.deepEqual(await open({ ownSha256: "another" }), [[], rising]);

    const refused = (change: Parameters<typeof openDataset>[1], message: RegExp, name = a) =>
      assert.rejects(() => openDataset(name, { columns, ...change }), {
        name: "InputError",
        message,
      });
    await refused({ testData: b }, /data moons has test rows of its own/, "moons");
    await refused({ testData: "moons" }, /is no file/);
    await refused({ testData: `${folder}/none.csv` }, /none\.csv: no such file/);
    await Deno.writeTextFile(b, "x,z\n1,2\n");
    await refused(
      { testData: b },
      /b\.csv: column "y" is missing; the training data have "x", "y", the/,
    );
    await Deno.writeTextFile(b, "z,x,y,y\n1,2,3,4\n");
    await refused({ testData: b }, /two columns are named "y", one of those of the training data;/);
    await Deno.writeTextFile(a, `k,x\n${"u,1\nv,2\n".repeat(5)}`);
    await Deno.writeTextFile(b, "k,x\nw,1\n");
    const kinds = { kind: "select", categorical: ["k"] } as const;
    await refused({ testData: b, columns: kinds }, /"w" is none of the training data's categories/);
    await Deno.writeTextFile(a, "x,y\n1,2\n");
    await Deno.writeTextFile(b, "1,2,3,4\n");
    const own = { columns: { kind: "select" } as const };
    await refused(
      { testData: b, ...own },
      /has 4 columns without names, the training data 2 \("x", "y"\); write those 2 alone/,
    );
  }));

Deno.test("train() evaluates on the rows of testData, whose bytes the run knows", () =>
  inFolder(async (folder) => {
    const a = `${folder}/a.csv`, b = `${folder}/b.csv`, path = `${folder}/run`;
    await Deno.writeTextFile(a, table(30));
    await Deno.writeTextFile(b, table(12, 40));
    const { metrics } = await run({ data: a, testData: b, drop: ["label"], steps: 1 }, {
      run: path,
    });
    assert.equal(metrics.testRows, 12);
    assert.equal((await configOf(path)).testFile.rows, 12);
    await Deno.writeTextFile(b, table(13, 40));
    await assert.rejects(run({ steps: 2 }, { run: path, mode: "resume" }), {
      message: /`testData: ".*b\.csv"`: has other bytes.*13 rows.*they were 12 rows/,
    });
    await assert.rejects(run({ data: "moons", testData: b, steps: 1 }, {}), {
      message: /has test rows of its own/,
    });
    await assert.rejects(run({ data: "moons", split: "ordered", steps: 1 }, {}), {
      message: /`split: "ordered"`: data moons is not a file/,
    });
  }));
