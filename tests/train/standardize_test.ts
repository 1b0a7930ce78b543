import assert from "node:assert/strict";
import { openDataset } from "../../src/data/registry.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { sample } from "../../src/flows/sample.ts";
import { toModel } from "../../src/flows/standardization.ts";
import { openDevice } from "../../src/ode/engines/open_device.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { importWeights } from "../../src/train/weights/import_weights.ts";
import { loadRun, readRunConfig } from "../../src/train/run/load_run.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/train/weights/safetensors.ts";
import { chooseStandardization, fitStandardization } from "../../src/train/standardize.ts";
import { train, type TrainEnvironment, type TrainSpec } from "../../src/train/train.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { inFolder } from "../support/in_folder.ts";
import { essence } from "./support/runs.ts";

/** Heights in cm and weights in kg, independent and normal. */
const heights = { center: [170, 65], scale: [10, 15] } as const;

/** The entropy of {@link heights}' distribution in nats: log(2 pi e) + log(10) + log(15). */
const ENTROPY = Math.log(2 * Math.PI * Math.E) + Math.log(10 * 15);

/** A CSV file of `rows` draws. */
function heightsCsv(rows: number, seed = 3): string {
  const z = fillNormal({ seed, stream: 2, subsequence: 0 }, 0, new Float32Array(2 * rows));
  const line = (i: number) =>
    [0, 1].map((k) => (heights.center[k]! + heights.scale[k]! * z[2 * i + k]!).toFixed(4)).join();
  return `height,weight\n${Array.from({ length: rows }, (_, i) => line(i)).join("\n")}\n`;
}

const few = { hidden: 8, batchSize: 64, backend: "cpu", steps: 3, evalEvery: 1 } as const;

/** Trains in a folder and returns the remarks after the line that says what was read. */
async function trained(
  given: TrainSpec,
  run: string,
  mode: "new" | "resume" = "new",
  change: Pick<TrainEnvironment, "dataChanged"> = {},
) {
  const remarks: string[] = [];
  const options = {
    run,
    mode,
    ...change,
    hooks: {
      onStart: (s: { remarks: readonly string[] }) => {
        remarks.push(...s.remarks.filter((remark) => !/ rows \(\d+ train/.test(remark)));
      },
    },
  };
  await train(given, options);
  return remarks;
}

async function openCsv(text: string, options: Parameters<typeof openDataset>[1] = {}) {
  const readStdin = () => ReadableStream.from([new TextEncoder().encode(text)]);
  const dataset = await openDataset("-", {
    ...{ seed: 0, binarize: true, dataDir: null, readStdin },
    ...options,
  });
  assert.ok(dataset.kind === "points");
  return dataset;
}

function columnOf(values: ArrayLike<number>, column: number, dims = 2): number[] {
  return Array.from({ length: values.length / dims }, (_, i) => values[i * dims + column]!);
}

function meanAndDeviation(values: readonly number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

for (const model of ["cnf", "fm"] as const) {
  Deno.test(`train() of ${model} on a file whitens, and samples in the file's units`, () =>
    inFolder(async (folder) => {
      const data = `${folder}/heights.csv`, run = `${folder}/run`;
      await Deno.writeTextFile(data, heightsCsv(400));
      assert.deepEqual(await trained({ model, data, ...few }, run), []);
      const { config, standardization } = await readRunConfig(run);
      assert.equal(config.standardize, "whiten");
      // 288 training rows: within three standard errors of the distribution.
      for (const k of [0, 1]) {
        const [center, scale] = [standardization!.center[k]!, standardization!.scale[k]!];
        assert.ok(Math.abs(center - heights.center[k]!) < 3 * heights.scale[k]! / Math.sqrt(288));
        assert.ok(Math.abs(scale / heights.scale[k]! - 1) < 3 / Math.sqrt(2 * 288));
      }
      // A fresh flow barely moves its prior, a standard normal in z-scores.
      const loaded = await loadRun(run);
      const { engines } = await openDevice("cpu");
      const { samples } = await sample(loaded.model, engines, { count: 500 });
      for (const k of [0, 1]) {
        const { mean, deviation } = meanAndDeviation(columnOf(samples, k));
        assert.ok(Math.abs(mean - heights.center[k]!) < heights.scale[k]!, `mean ${mean}`);
        assert.ok(Math.abs(deviation / heights.scale[k]! - 1) < 0.5, `deviation ${deviation}`);
      }
      const { logProb: values } = await logProb(loaded.model, engines, samples.slice(0, 200));
      const nll = -values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(Math.abs(nll - ENTROPY) < 1, `nll ${nll}, ${ENTROPY}`);
      // The training log has a CNF's likelihoods in the same units; a regression loss is unitless.
      const { steps, evaluations } = await readLog(`${run}/log.jsonl`);
      for (const loss of [steps[0]!.loss, evaluations.at(-1)!.testLoss]) {
        const expected = model === "cnf" ? ENTROPY : 2;
        assert.ok(Math.abs(loss - expected) < 1.2, `loss ${loss}, ${expected}`);
      }
      loaded.model.parameters.dispose();
    }));
}

Deno.test("train() stores its scales with the weights, and --init reads them from there", () =>
  inFolder(async (folder) => {
    const data = `${folder}/heights.csv`, run = `${folder}/run`;
    await Deno.writeTextFile(data, heightsCsv(200));
    await trained({ model: "cnf", data, ...few }, run);
    const { standardization } = await readRunConfig(run);
    const file = `${run}/model.safetensors`;
    const { metadata } = decodeSafetensors(await Deno.readFile(file), "model");
    assert.deepEqual(JSON.parse(metadata.standardization!), standardization);

    // Other data of the same kind: the scales stay those of the weights.
    const other = `${folder}/other.csv`;
    await Deno.writeTextFile(other, heightsCsv(300, 9).replaceAll(/^1(\d\d\.)/gm, "2$1"));
    for (const [name, init] of [["of-run", run], ["of-file", file]] as const) {
      await trained({ model: "cnf", data: other, init, ...few }, `${folder}/${name}`);
      const from = await readRunConfig(`${folder}/${name}`);
      assert.deepEqual(from.standardization, standardization);
      assert.equal(from.config.standardize, "whiten");
    }
    // Data of another kind: the remark must not recommend other scales.
    const far = `${folder}/far.csv`;
    await Deno.writeTextFile(far, heightsCsv(300, 9).replaceAll(/^1/gm, "91"));
    const [remark] = await trained(
      { model: "cnf", data: far, init: run, ...few },
      `${folder}/far`,
    );
    assert.match(
      remark!,
      /^column "height": a row lies \d+ scales from the center.* without `init`/,
    );
    for (const standardize of ["none", "robust"] as const) {
      await assert.rejects(
        trained({ model: "cnf", data: other, init: run, standardize, ...few }, `${folder}/x`),
        { name: "InputError", message: /`standardize: .*: the weights of .* learnt with whiten/ },
      );
    }
    const imported = await importWeights("cnf", file, { run: `${folder}/imported` });
    assert.deepEqual((await readRunConfig(imported.run)).standardization, standardization);

    // Weights without scales were trained on raw values.
    const { tensors } = decodeSafetensors(await Deno.readFile(file), "model");
    const bare = `${folder}/bare.safetensors`;
    await Deno.writeFile(bare, encodeSafetensors({ tensors, metadata: { format: "pt" } }));
    const plain = await importWeights("cnf", bare, { run: `${folder}/plain` });
    const { config, standardization: none } = await readRunConfig(plain.run);
    assert.deepEqual([config.standardize, none], ["none", null]);
    await assert.rejects(
      trained({ model: "cnf", data, init: bare, standardize: "zscore", ...few }, `${folder}/x`),
      { name: "InputError", message: /learnt with none/ },
    );
    assert.ok(!(await Array.fromAsync(Deno.readDir(folder))).some(({ name }) => name === "x"));
  }));

Deno.test("a resumed run keeps its scales even if its file has changed", () =>
  inFolder(async (folder) => {
    const data = `${folder}/heights.csv`, run = `${folder}/run`;
    await Deno.writeTextFile(data, heightsCsv(200));
    await trained({ model: "cnf", data, ...few }, run);
    const before = await readRunConfig(run);
    await Deno.writeTextFile(data, heightsCsv(200, 8));
    const given = { model: "cnf", steps: 4, standardize: "auto" } as const;
    await trained(given, run, "resume", { dataChanged: true });
    const after = await readRunConfig(run);
    assert.deepEqual(after.standardization, before.standardization);
    await assert.rejects(
      trained({ model: "cnf", steps: 5, standardize: "robust" }, run, "resume"),
      { name: "InputError", message: /`standardize: "robust"`: the run has standardize whiten/ },
    );
  }));

Deno.test("a run from before scales existed reads as none and resumes to the same bits", () =>
  inFolder(async (folder) => {
    const data = `${folder}/heights.csv`;
    await Deno.writeTextFile(data, heightsCsv(100));
    const given = { model: "cnf", data, ...few, schedule: "constant" } as const;
    const whole = `${folder}/whole`, old = `${folder}/old`;
    await trained({ ...given, standardize: "none", steps: 5 }, whole);
    await trained({ ...given, standardize: "none", steps: 3 }, old);
    const config = JSON.parse(await Deno.readTextFile(`${old}/config.json`));
    delete config.standardize;
    assert.ok(!("standardization" in config));
    await Deno.writeTextFile(`${old}/config.json`, JSON.stringify(config));
    assert.equal((await readRunConfig(old)).config.standardize, "none");
    await trained({ model: "cnf", steps: 5 }, old, "resume");
    const [a, b] = [await essence(whole), await essence(old)];
    assert.deepEqual(b.model, a.model);
    assert.deepEqual(b.steps, a.steps);
  }));

Deno.test("train() on built-in data uses raw values", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    await trained({ model: "cnf", ...few }, run);
    const { config, standardization } = await readRunConfig(run);
    assert.deepEqual([config.standardize, standardization], ["none", null]);
    const { metadata } = decodeSafetensors(await Deno.readFile(`${run}/model.safetensors`), "m");
    assert.ok(!("standardization" in metadata));
  }));

Deno.test("readRunConfig() refuses mismatched scales, and kinds without scales", () =>
  inFolder(async (folder) => {
    const data = `${folder}/heights.csv`, run = `${folder}/run`;
    await Deno.writeTextFile(data, heightsCsv(100));
    await trained({ model: "cnf", data, ...few }, run);
    const path = `${run}/config.json`;
    const whole = JSON.parse(await Deno.readTextFile(path));
    const refused = async (change: (config: typeof whole) => void, message: RegExp) => {
      const config = structuredClone(whole);
      change(config);
      await Deno.writeTextFile(path, JSON.stringify(config));
      await assert.rejects(readRunConfig(run), { name: "InputError", message });
    };
    await refused((config) => delete config.standardization, /scales of its columns are missing/);
    await refused((config) => config.standardize = "none", /its columns are whiten/);
    await refused((config) => config.standardization.scale[1] = 0, /scale\.1: .*above 0.*found 0/);
    await refused((config) => config.standardization.scale.push(1), /as many centers as scales/);
    await refused((config) => {
      config.standardization.scale.push(1);
      config.standardization.center.push(1);
    }, /a factor of as many rows as centers/);
    for (const row of [[1], [0.5, 0], [0.5, 1, 1], [0.5, "1"]]) {
      await refused((config) => config.standardization.factor[1] = row, /lower triangular matrix/);
    }
    await refused((config) => {
      config.standardization.scale.push(1);
      config.standardization.center.push(1);
      config.standardization.factor.push([0, 0, 1]);
    }, /scales of 3 columns, the network's points have 2/);
  }));

Deno.test("fitStandardization() has mean and deviation, median and quartiles, in float64", () => {
  // numpy: np.mean, np.std, np.median, np.percentile([1.7e9 + (0, 1, 2, 3, 10)], [25, 75]).
  const values = [10, 0, 2, 3, 1].map((value) => 1.7e9 + value);
  const table = { points: Float64Array.from(values), count: 5, labels: null };
  const zscore = fitStandardization({ train: table, dims: 1 }, "zscore");
  assert.equal(zscore.center[0], 1.7e9 + 3.2);
  assert.ok(Math.abs(zscore.scale[0]! - Math.sqrt(12.56)) < 1e-12);
  const robust = fitStandardization({ train: table, dims: 1 }, "robust");
  assert.equal(robust.center[0], 1.7e9 + 2);
  assert.ok(Math.abs(robust.scale[0]! - 2 / 1.3489795003921634) < 1e-12);
  // More than half of the values are equal: the quartiles give no scale.
  const mostlyZero = { points: Float64Array.of(0, 0, 0, 0, 5), count: 5, labels: null };
  assert.equal(fitStandardization({ train: mostlyZero, dims: 1 }, "robust").scale[0], 2);
});

const chosen = async (text: string, choice: "auto" | "none" | "robust" = "auto") =>
  await chooseStandardization(await openCsv(text), { choice, init: undefined });

Deno.test("chooseStandardization() refuses a constant column by name or number", async () => {
  const rows = Array.from({ length: 50 }, (_, i) => `${i},7,${-i},7\n`).join("");
  for (const choice of ["auto", "none"] as const) {
    await assert.rejects(chosen(`a,b c,d,e\n${rows}`, choice), {
      name: "InputError",
      message:
        /column "b c" is constant, 7 in all 40 training rows, as are 1 more.*`drop: "b c"` `drop: "e"`$/,
    });
    await assert.rejects(chosen(rows, choice), {
      message: /column 2 is constant.*`drop: 2` `drop: 4`/,
    });
  }
});

Deno.test("chooseStandardization() refuses a column whose values float32 does not tell apart", async () => {
  const table = (scale: number) =>
    `a,tiny\n${Array.from({ length: 50 }, (_, i) => `${i * i % 7},${i * scale}\n`).join("")}`;
  for (const choice of ["auto", "none"] as const) {
    await assert.rejects(chosen(table(1e-300), choice), {
      name: "InputError",
      message: /column "tiny" ranges over .*e-299, below float32's least of 1\.2e-38; .* by 1e299$/,
    });
    await chosen(table(1e-37), choice);
  }
  const columns = { kind: "select", log: ["b"] } as const;
  const small = (least: number) =>
    openCsv(`a,b\n${Array.from({ length: 50 }, (_, i) => `${i},${least * 2 ** i}\n`).join("")}`, {
      columns,
    });
  const auto = { choice: "auto", init: undefined } as const;
  const tiny = await small(1e-60), fitting = await small(1e-37);
  assert.throws(
    () => chooseStandardization(tiny, auto),
    /"b" reaches down to .*e-(60|59), below .*; write its log/,
  );
  chooseStandardization(fitting, auto);
});

Deno.test("chooseStandardization() takes a discrete column that is constant where it trains", async () => {
  // The last fifth tests: the only row of another value.
  const rows = Array.from({ length: 50 }, (_, i) => `${Math.sin(i)},${i === 49 ? 1 : 0}\n`);
  const open = (kinds: object) =>
    openCsv(`x,rare\n${rows.join("")}`, {
      split: "ordered",
      columns: { kind: "select", ...kinds },
    });
  // Uniform noise of one step has the variance 1/12; of a categorical column in each coordinate.
  const noise = Math.sqrt(1 / 12);
  for (
    const [kinds, center, words] of [
      [{ dequantize: ["rare"] }, [0], '"rare" is 0 in all 40 training rows (another value: 1 test'],
      [{ categorical: ["rare"] }, [1, 0], '"rare": category "1" is in no training row (but in 1 '],
    ] as const
  ) {
    for (const choice of ["auto", "none", "robust", "zscore"] as const) {
      const found = chooseStandardization(await open(kinds), { choice, init: undefined });
      assert.equal(found.remarks.length, 1);
      assert.ok(found.remarks[0]!.includes(words), `${found.remarks[0]}`);
      assert.match(found.remarks[0]!, /likelihood (of other values )?is extrapolated$/);
      if (choice === "none") continue;
      const { center: [, ...centers], scale: [, ...scales] } = found.standardization!;
      assert.deepEqual(centers, center);
      for (const scale of scales) assert.ok(Math.abs(scale - noise) < 1e-12);
    }
  }
  const dataset = await open({});
  assert.throws(() => chooseStandardization(dataset, { choice: "auto", init: undefined }), {
    message:
      /"rare" is constant, 0 in all 40 .* with `drop: "rare"`, or, as other rows have other values, learn its probabilities with `dequantize: "rare"`$/,
  });
  // Validation rows count too.
  const { test, ...others } = dataset;
  const validated = { ...others, validation: test, test: { ...test, count: 0 } };
  assert.throws(() => chooseStandardization(validated, { choice: "auto", init: undefined }), {
    message: /as other rows have other values/,
  });
});

Deno.test("chooseStandardization() suggests robust scales for outlying rows", async () => {
  const rows = Array.from({ length: 1000 }, (_, i) => `${i % 10},${i % 7 + 1}\n`).join("");
  const outliers = Array.from({ length: 5 }, () => "1e6,1\n").join("");
  const { remarks } = await chosen(`income,age\n${rows}`);
  assert.deepEqual(remarks, []);
  const [remark] = (await chosen(`income,age\n${rows}${rows}1e6,1\n1e6,1\n1e6,1\n`)).remarks;
  assert.match(
    remark!,
    /^column "income": a row lies \d\d standard deviations.*`standardize: "robust"`/,
  );
  // In a short table no row can lie 20 standard deviations out: 3 outliers in 103 mask each other.
  const short = rows.slice(0, rows.length / 10);
  assert.deepEqual((await chosen(`income,age\n${short}`)).remarks, []);
  const hidden = (await chosen(`income,age\n${short}1e4,1\n1e4,1\n1e4,1\n`)).remarks;
  assert.match(
    hidden[0]!,
    /^column "income": a row lies \d standard deviations.*`standardize: "robust"`/,
  );
  const robust = await chosen(`income,age\n${rows}${outliers}`, "robust");
  assert.deepEqual(robust.remarks, []);
  assert.equal(robust.standardization!.center[1], 4);
});

Deno.test("timestamps stay distinct, and a remark counts values that collide in float32", async () => {
  const stamps = Array.from({ length: 500 }, (_, i) => 1.7e9 + i * 0.1 + (i % 7) * 1e-3);
  const text = `time,x\n${stamps.map((time, i) => `${time.toFixed(6)},${i % 13}\n`).join("")}`;
  const { standardization, remarks } = await chosen(text);
  assert.deepEqual(remarks, []);
  const { train, test } = await openCsv(text);
  const z = [train, test].flatMap(({ points }) => columnOf(toModel(standardization, points), 0));
  assert.equal(new Set(z).size, 500);
  assert.deepEqual((await chosen(text, "none")).remarks, [
    'float32 cannot tell all values apart: it keeps 1 of 500 in column "time"',
  ]);
  // Two clusters a million scales apart: z-scores cannot resolve the values within each.
  const split = Array.from({ length: 100 }, (_, i) => `${(i % 2) * 1e9 + i * 0.01},${i % 3}\n`);
  const [remark] = (await chosen(split.join(""))).remarks;
  assert.match(remark!, /it keeps \d+ of 100 in column 1$/);
});
