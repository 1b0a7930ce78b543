import assert from "node:assert/strict";
import type { PointDataset } from "../../src/data/dataset.ts";
import type { TrainOptions } from "../../src/train/options/table.ts";
import type { TrainOptionName } from "../../src/train/options/table.ts";
import { defaultWordsOf } from "../../src/train/options/default_words.ts";
import { tableDefaults } from "../../src/train/options/table_sizes.ts";
import { planRun } from "../../src/train/training_plan.ts";

// Rows and columns, and what docs/command-line.md says of them: n^(-1/(d + 4)), 0.1/n, 3n steps; of flow
// matching 8000 steps.
for (
  const [rows, dims, expected] of [
    [108, 4, { hidden: 32, noise: 0.557, weightDecay: 9.26e-4, steps: 1000, trace: "exact" }],
    [410, 30, { hidden: 64, noise: 0.838, weightDecay: 2.44e-4, steps: 1230, trace: "hutchinson" }],
    [4000, 2, { hidden: 32, noise: 0.251, weightDecay: 2.5e-5, steps: 3000, trace: "exact" }],
    [1e6, 16, { hidden: 32, noise: 0.501, weightDecay: 1e-7, steps: 3000, trace: "exact" }],
  ] as const
) {
  Deno.test(`tableDefaults() of ${rows} rows and ${dims} columns`, () => {
    const { hidden, noise, weightDecay, steps, trace } = tableDefaults("cnf", { rows, dims });
    assert.deepEqual({ hidden, noise, weightDecay, steps, trace }, expected);
    assert.deepEqual(tableDefaults("fm", { rows, dims }), {
      noise,
      weightDecay,
      steps: 8000,
    });
  });
}

/** Plans a run on a table of 400 rows and `dims` columns. */
async function planned(options: TrainOptions, { dims = 2, isFile = true } = {}) {
  const values = (count: number) => Float64Array.from({ length: count * dims }, (_, i) => i ** 0.9);
  const columns = Array.from({ length: dims }, (_, i) => ({
    ...{ name: null, number: i + 1, kind: "real" } as const,
  }));
  const dataset: PointDataset = {
    ...{ kind: "points", name: "x.csv", dims, density: null, draw: null },
    train: { points: values(400), count: 400, labels: null },
    test: { points: values(100), count: 100, labels: null },
    ...(isFile ? { file: { columns, dropped: [] } } : {}),
  };
  const { config, network, standardization } = await planRun({
    ...{ model: "cnf", configFile: null, values: {}, openDataset: () => dataset },
    options: { data: "x.csv", net: "mlp", ...options },
  });
  return { config, network, standardization };
}

Deno.test("planRun() takes a file's defaults from its training rows, and a typed option wins", async () => {
  const { config, network, standardization } = await planned({});
  // 360 rows train: 40 validate.
  assert.deepEqual(
    [config.noise, config.weightDecay, config.steps, config.ema, config.standardize],
    [0.375, 2.78e-4, 1080, 0.99, "whiten"],
  );
  assert.deepEqual(network.sizes, { dims: 2, hidden: 32 });
  assert.equal(standardization?.factor?.length, 2);
  assert.deepEqual([config.rtol, config.atol], [1e-2, 1e-2]);
  // The adjoint's gradient has the errors of its own solve.
  const { config: adjoint } = await planned({ gradient: "adjoint" });
  assert.deepEqual([adjoint.rtol, adjoint.atol], [1e-3, 1e-3]);
  const typed = { hidden: 8, noise: 0.1, weightDecay: 0.5, steps: 7, ema: 0, rtol: 0.1, lr: 0.1 };
  const { config: own } = await planned(typed);
  assert.deepEqual({ ...own, ...typed }, own);
  const { config: byEpochs } = await planned({ epochs: 3 });
  assert.deepEqual([byEpochs.epochs, byEpochs.steps], [3, undefined]);
  const { config: fixed } = await planned({ solver: "rk4", schedule: "constant" }, { dims: 20 });
  assert.deepEqual([fixed.rtol, fixed.trace, fixed.probes], [
    undefined,
    "hutchinson",
    "rademacher",
  ]);
});

Deno.test("planRun() adds noise to whitened rows only, and built-in data keep their defaults", async () => {
  for (const standardize of ["zscore", "robust", "none"] as const) {
    assert.equal((await planned({ standardize })).config.noise, undefined);
  }
  const { config } = await planned({}, { isFile: false });
  assert.deepEqual(
    [config.noise, config.weightDecay, config.steps, config.ema, config.hidden, config.lr],
    [undefined, 0, 3000, 0, 32, 0.01],
  );
});

Deno.test("defaultWordsOf() says what tables have instead", () => {
  assert.equal(defaultWordsOf("lr", "cnf"), "default 0.01; of tables 0.005");
  assert.equal(
    defaultWordsOf("lr", "fm"),
    "default 0.01 for points, 0.002 for images, 0.01 for the resnet",
  );
  assert.equal(defaultWordsOf("filters", "fm"), "default 32 for images, 16 for the resnet");
  const named = Object.keys(tableDefaults("cnf", { rows: 300, dims: 4 })) as TrainOptionName[];
  for (const name of named) assert.match(defaultWordsOf(name, "cnf")!, /; of tables /, name);
  for (const name of ["hidden", "weightDecay", "steps", "trace"] as const) {
    assert.match(defaultWordsOf(name, "cnf")!, /; of tables by their rows and columns$/);
  }
  assert.doesNotMatch(defaultWordsOf("batchSize", "cnf")!, /tables/);
});
