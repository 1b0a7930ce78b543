import assert from "node:assert/strict";
import { fillUniform } from "../../src/core/random/random.ts";
import { callerKey } from "../../src/core/random/subsequences.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { sample } from "../../src/flows/sample.ts";
import { openDevice } from "../../src/ode/engines/open_device.ts";
import { loadRun, readRunConfig } from "../../src/train/run/load_run.ts";
import { train } from "../../src/train/train.ts";
import { importWeights } from "../../src/train/weights/import_weights.ts";
import { inFolder } from "../support/in_folder.ts";
import { essence } from "./support/runs.ts";

/** Categories with probabilities 1/2, 3/10 and 1/5, and a count that depends on them. */
const shares = { a: 0.5, b: 0.3, c: 0.2 } as const;
const counts = { a: 2, b: 5, c: 9 } as const;

function table(rows: number): string {
  const u = fillUniform(callerKey(8), 0, new Float64Array(2 * rows));
  const lines = Array.from({ length: rows }, (_, i) => {
    const kind = u[2 * i]! < 0.5 ? "a" : u[2 * i]! < 0.8 ? "b" : "c";
    return `${kind},${counts[kind] + Math.floor(2 * u[2 * i + 1]!)}\n`;
  });
  return `kind,count\n${lines.join("")}`;
}

const few = { hidden: 8, batchSize: 32, backend: "cpu", evalEvery: 0, validation: 0 } as const;

Deno.test("samples of a trained run have the categories' frequencies, and counts that go with them", () =>
  inFolder(async (folder) => {
    const data = `${folder}/table.csv`;
    await Deno.writeTextFile(data, table(1500));
    const { run } = await train({
      ...{ model: "fm", data, categorical: ["kind"], dequantize: ["count"] },
      ...{ ...few, hidden: 32, batchSize: 128, steps: 900, lr: 1e-2, ema: 0.99 },
    }, { run: `${folder}/run` });
    const { model } = await loadRun(run);
    const { engines } = await openDevice("cpu");
    const n = 1000;
    const { samples } = await sample(model, engines, { count: n, seed: 2 });
    const of = (index: number) =>
      Array.from({ length: n }, (_, row) => row).filter((row) => samples[2 * row] === index);
    Object.entries(shares).forEach(([kind, share], index) => {
      const rows = of(index);
      // Three standard errors of the samples and of the training rows, and what is not learnt.
      assert.ok(Math.abs(rows.length / n - share) < 0.09, `${kind}: ${rows.length / n}`);
      const low = counts[kind as keyof typeof counts];
      const own = rows.filter((row) => [low, low + 1].includes(samples[2 * row + 1]!)).length;
      // A fifth to a half of all counts are these two.
      assert.ok(own > 0.6 * rows.length, `${kind}: ${own} of ${rows.length}`);
    });
    model.parameters.dispose();
  }));

Deno.test("a category that no training row has gets a finite likelihood, below that of the others", () =>
  inFolder(async (folder) => {
    const data = `${folder}/rare.csv`;
    const lines = Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${i === 59 ? "yes" : "no"}`);
    await Deno.writeTextFile(data, `x,rare\n${lines.join("\n")}\n`);
    const { run } = await train({
      ...{ model: "cnf", data, categorical: ["rare"], split: "ordered" },
      ...{ ...few, validation: 0.1, steps: 20 },
    }, { run: `${folder}/run` });
    const { model } = await loadRun(run);
    const { engines } = await openDevice("cpu");
    const { logProb: [no, yes] } = await logProb(model, engines, Float64Array.of(0, 0, 0, 1));
    assert.ok(Number.isFinite(yes) && yes! < no! - 2, `${no}, ${yes}`);
    model.parameters.dispose();
  }));

Deno.test("kinds of columns survive resuming, import and initial weights, which bring their own", () =>
  inFolder(async (folder) => {
    const data = `${folder}/table.csv`;
    await Deno.writeTextFile(data, table(100));
    const kinds = { categorical: [1], dequantize: ["count"] } as const;
    const spec = { model: "cnf", data, ...kinds, ...few, lrHorizon: 4 } as const;
    const { run } = await train({ ...spec, steps: 4 }, { run: `${folder}/whole` });
    const half = { run: `${folder}/half` };
    await train({ ...spec, steps: 2 }, half);
    await train({ model: "cnf", steps: 4 }, { ...half, mode: "resume" });
    // Dequantisation noise is a function of (seed, step), so a resumed run has the same bits.
    const { evaluations: _of, ...resumed } = await essence(half.run);
    const { evaluations: _too, ...whole } = await essence(run);
    assert.deepEqual(resumed, whole);

    const { columns, standardization } = await readRunConfig(run);
    const categories = ["a", "b", "c"];
    assert.deepEqual(columns, [
      { name: "kind", number: 1, kind: "categorical", categories },
      { name: "count", number: 2, kind: "dequantized", step: 1, origin: 0 },
    ]);
    assert.equal(standardization?.center.length, 4);
    const imported = await importWeights("cnf", `${run}/model.safetensors`, {
      run: `${folder}/imported`,
    });
    assert.deepEqual((await readRunConfig(imported.run)).standardization, standardization);
    const { engines } = await openDevice("cpu");
    const points = Float64Array.of(0, 3, 2, 9, 1, 5);
    const values = await Promise.all([run, imported.run].map(async (path) => {
      const { model } = await loadRun(path);
      const { logProb: nats } = await logProb(model, engines, points);
      model.parameters.dispose();
      return nats;
    }));
    assert.deepEqual(values[0], values[1]);

    const { categorical: _brought, dequantize, ...rest } = spec;
    const from = await train({ ...rest, init: run, steps: 1 }, { run: `${folder}/from` });
    assert.deepEqual((await readRunConfig(from.run)).columns, columns);
    await assert.rejects(
      train({ ...rest, dequantize, init: run, steps: 1 }, { run: `${folder}/no` }),
      { name: "InputError", message: /`dequantize: "count"`: the weights of .* bring what their/ },
    );
    await assert.rejects(
      train({ model: "cnf", categorical: [2], steps: 4 }, { ...half, mode: "resume" }),
      { name: "InputError", message: /`categorical: "2"`: the run has categorical 1/ },
    );
    await Deno.writeTextFile(data, table(100).replace(/,\d+\n$/, ",2.5\n"));
    await assert.rejects(
      train({ ...rest, init: run, steps: 1 }, { run: `${folder}/no` }),
      { name: "InputError", message: /column "count": 2.5 is not a whole number/ },
    );
  }));
