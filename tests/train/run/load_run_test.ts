import assert from "node:assert/strict";
import { initialParameters } from "../../../src/nn/init.ts";
import { type Network, networkRecord } from "../../../src/nn/network.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../../src/nn/unet/network.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { importWeights } from "../../../src/train/weights/import_weights.ts";
import { loadRun, readRun, readRunConfig } from "../../../src/train/run/load_run.ts";
import { holdRun, runFile, type runFiles } from "../../../src/train/run/run_folder.ts";
import { readMetrics } from "../../../src/train/run/run_metrics.ts";
import { summarizeRun } from "../../../src/train/run/run_summary.ts";
import { readLog } from "../../../src/train/run/training_log.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { train } from "../../../src/train/train.ts";
import { inFolder } from "../../support/in_folder.ts";
import { openSmall, smallRuns } from "../support/runs.ts";

const stateOf = async (run: string) => {
  const { state } = await summarizeRun(run);
  return state.kind === "broken" ? state.reason : state.kind;
};

const trained = async (run: string) => {
  await train(smallRuns.fm, { run, openDataset: openSmall });
  return run;
};

Deno.test("importWeights() refuses scales that are not the network's", () =>
  inFolder(async (folder) => {
    const scales = (count: number) => ({
      standardization: {
        kind: "zscore",
        center: Array(count).fill(0),
        scale: Array(count).fill(1),
      } as const,
    });
    const file = `${folder}/a.safetensors`, options = { run: `${folder}/run` };
    for (
      const [model, network, count, message] of [
        ["cnf", networks.cnf, 2, /scales of 2 columns, the network's points have 3$/],
        ["fm", networks.unet, 0, /scales of 0 columns, the network's images have none$/],
      ] as const
    ) {
      const bytes = encodeStateDict(network, initialParameters(network, 1), scales(count));
      await Deno.writeFile(file, bytes);
      await assert.rejects(importWeights(model, file, options), { name: "InputError", message });
    }
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  }));

Deno.test("loadRun() has the requested weights", () =>
  inFolder(async (folder) => {
    const run = await trained(`${folder}/run`);
    const [ema, raw] = [await readRun(run, "ema"), await readRun(run, "raw")];
    assert.deepEqual(networkRecord(ema.network), { kind: "mlp", dims: 2, hidden: 8 });
    assert.equal(ema.step, 12);
    assert.ok(ema.weights.some((weight, i) => weight !== raw.weights[i]));
    await openBackend("cpu");
    const { model, config } = await loadRun(run);
    assert.deepEqual(await model.parameters.read(), ema.weights);
    assert.deepEqual([model.kind, config.sigmaMin, config.batchSize], ["fm", 1e-4, 8]);
    assert.ok(Math.abs(model.path.at(1).sigma - 1e-4) < 1e-7); // 1 - 0.9999 in float32
    model.parameters.dispose();
  }));

Deno.test("readRun() names the problem with a folder", () =>
  inFolder(async (folder) => {
    const refuses = async (run: string, message: RegExp) =>
      await assert.rejects(readRun(run), { name: "InputError", message });
    await refuses(`${folder}/nothing`, /nothing: not a run folder/);
    await refuses(folder, /not a run folder: there is no .*config\.json/);
    const run = await trained(`${folder}/run`);
    const config = await Deno.readTextFile(`${run}/config.json`);
    const rewrite = (from: string, to: string) =>
      Deno.writeTextFile(`${run}/config.json`, config.replace(from, to));
    await rewrite('"format": 1', '"format": 2');
    await refuses(
      run,
      /config\.json: format 2: a later version of Fluxion wrote it.*update Fluxion/,
    );
    await rewrite('"hidden": 8\n', '"hidden": 10\n');
    await refuses(run, /x_proj\.weight has shape \[8,2\], the model's is \[10,2\]/);
    await rewrite('"dims": 2', '"dims": -2');
    await refuses(run, /config\.json: network\.dims: expected a whole number/);
    await Deno.writeTextFile(`${run}/config.json`, "{}");
    await refuses(run, /config\.json: not a run's config/);
    await Deno.writeTextFile(`${run}/config.json`, config);
    const model = await Deno.readFile(`${run}/model.safetensors`);
    await Deno.writeFile(`${run}/model.safetensors`, model.subarray(0, 300));
    await refuses(
      run,
      /model\.safetensors: not a valid safetensors file.*; recreate it with .*--resume/,
    );
    await Deno.truncate(`${run}/checkpoint.safetensors`, 300);
    const damaged =
      /checkpoint\.safetensors: not a valid.*; .*remove it and start again with .*--resume/;
    await refuses(run, damaged);
    await assert.rejects(train({ model: "fm" }, { run, mode: "resume", openDataset: openSmall }), {
      name: "InputError",
      message: damaged,
    });
    await Deno.remove(`${run}/checkpoint.safetensors`);
    await refuses(run, /run: has no weights yet/);
    // Opening a pipe that nobody writes to would block forever.
    const pipe = new Deno.Command("sh", { args: ["-c", `mkfifo ${run}/checkpoint.safetensors`] });
    assert.ok((await pipe.output()).success);
    await refuses(run, /checkpoint\.safetensors: a pipe or a device/);
  }));

Deno.test("no pipe is opened as a file of a run: nobody writes to it, and no signal ends the wait", () =>
  inFolder(async (folder) => {
    const run = await trained(`${folder}/run`);
    const replace = async (...files: readonly (keyof typeof runFiles)[]) => {
      const paths = files.map((file) => runFile(run, file)).join(" ");
      const shell = { args: ["-c", `rm -f ${paths} && mkfifo ${paths}`] };
      assert.ok((await new Deno.Command("sh", shell).output()).success);
    };
    const refused = { name: "InputError", message: /a pipe or a device.*; remove it$/ };
    const hold = { mode: "resume", root: folder, name: "run" } as const;
    await replace("checkpoint");
    assert.match(await stateOf(run), /^checkpoint\.safetensors: a pipe or a device/);
    await replace("log", "metrics", "lock");
    assert.equal(await readMetrics(run), null);
    await assert.rejects(readLog(runFile(run, "log")), refused);
    await assert.rejects(holdRun(run, hold), refused);
    await replace("config");
    await assert.rejects(holdRun(run, hold), { name: "InputError" });
    await assert.rejects(summarizeRun(run), { name: "InputError" });
  }));

const networks = {
  cnf: mlpNetwork({ dims: 3, hidden: 6 }),
  fm: resnetNetwork({ height: 28, width: 28, channels: 1, filters: 4, blocks: 2 }),
  unet: unetNetwork({ height: 28, width: 28, channels: 1, filters: 4 }),
} as const satisfies Record<string, Network>;
for (const [name, network] of Object.entries(networks)) {
  const model = name === "cnf" ? "cnf" : "fm";
  Deno.test(`importWeights() of a ${network.kind} makes a run that is read like any other`, () =>
    inFolder(async (folder) => {
      const weights = initialParameters(network, 1);
      const file = `${folder}/weights.safetensors`;
      await Deno.writeFile(file, encodeStateDict(network, weights));
      const { run, metrics } = await importWeights(model, file, { runsFolder: `${folder}/runs` });
      assert.match(run, model === "cnf" ? /cnf-moons-0001$/ : /fm-mnist-0001$/);
      assert.equal(metrics.steps, 0);
      for (const choice of ["ema", "raw"] as const) {
        const read = await readRun(run, choice);
        assert.deepEqual(networkRecord(read.network), networkRecord(network));
        assert.deepEqual(read.weights, weights);
        assert.equal(read.config.model, model);
      }
      assert.deepEqual((await readRunConfig(run)).config.init, file);
    }));
}

Deno.test("importWeights() of an image network as a CNF is refused before anything is written", () =>
  inFolder(async (folder) => {
    const file = `${folder}/weights.safetensors`;
    await Deno.writeFile(file, encodeStateDict(networks.unet, initialParameters(networks.unet, 1)));
    await assert.rejects(importWeights("cnf", file, { runsFolder: `${folder}/runs` }), {
      name: "InputError",
      message: /a CNF takes points; import it as fm/,
    });
    await assert.rejects(Deno.stat(`${folder}/runs`));
  }));

Deno.test("train() continues an imported run for a given number of steps", () =>
  inFolder(async (folder) => {
    const network: Network = mlpNetwork({ dims: 2, hidden: 8 });
    const file = `${folder}/weights.safetensors`;
    await Deno.writeFile(file, encodeStateDict(network, initialParameters(network, 1)));
    const { run } = await importWeights("fm", file, { run: `${folder}/run`, data: "small" });
    const resume = (steps?: number) =>
      train({ model: "fm", ...(steps === undefined ? {} : { steps }) }, {
        run,
        mode: "resume",
        openDataset: () =>
          Promise.resolve(openSmall("small", { seed: 0, binarize: true })).then((dataset) => {
            // The default batch is larger than the small data.
            const { train, test } = dataset as Extract<typeof dataset, { kind: "points" }>;
            const points = new Float32Array(8 * train.points.length);
            for (let i = 0; i < 8; i++) points.set(train.points, i * train.points.length);
            const table = { points, count: 8 * train.count, labels: null };
            return { ...dataset, train: table, test } as typeof dataset;
          }),
      });
    assert.equal((await resume()).kind, "alreadyFinished");
    assert.equal((await resume(2)).kind, "finished");
    assert.equal((await readRun(run)).step, 2);
  }));
