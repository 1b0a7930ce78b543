import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { InputError } from "../../src/core/errors.ts";
import { layoutOf } from "../../src/core/parameters.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { sample } from "../../src/flows/sample.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { type Network, networkRecord } from "../../src/nn/network.ts";
import { registerNetwork } from "../../src/nn/registry.ts";
import { openDevice } from "../../src/ode/engines/open_device.ts";
import { parseConfigFile } from "../../src/train/config/config_file.ts";
import { loadRun, readRun } from "../../src/train/run/load_run.ts";
import { readLog } from "../../src/train/run/training_log.ts";
import { train, type TrainEnvironment, type TrainSpec } from "../../src/train/train.ts";
import { importWeights } from "../../src/train/weights/import_weights.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { tanhNetwork } from "../support/own_networks.ts";
import { inFolder } from "../support/in_folder.ts";
import { essence, openSmall, smallImages } from "./support/runs.ts";

const common = { data: "small", batchSize: 8, ema: 0.9, evalEvery: 2, backend: "cpu" } as const;
const given = {
  cnf: { model: "cnf", ...common, steps: 30, lr: 0.04, solver: "rk4", solverSteps: 3 },
  fm: { model: "fm", ...common, steps: 120, lr: 0.03 },
} as const satisfies Record<string, TrainSpec>;

async function trainUntil(
  given: TrainSpec,
  run: string,
  { mode = "new", stopAt }: Pick<TrainEnvironment, "mode"> & { readonly stopAt?: number } = {},
) {
  const controller = new AbortController();
  return await train(given, {
    run,
    mode,
    openDataset: openSmall,
    signal: controller.signal,
    hooks: { onStep: ({ step }) => step === stopAt && controller.abort() },
  });
}

for (const name of ["cnf", "fm"] as const) {
  Deno.test(`train() of ${name} trains a custom network; resumed, it is the unbroken run`, () =>
    inFolder(async (folder) => {
      const network = tanhNetwork(12);
      const whole = `${folder}/whole`, stopped = `${folder}/stopped`;
      await trainUntil({ ...given[name], network }, whole);
      const { steps } = await readLog(`${whole}/log.jsonl`);
      const mean = (part: typeof steps) => part.reduce((sum, { loss }) => sum + loss, 0) / 10;
      const [first, last] = [mean(steps.slice(0, 10)), mean(steps.slice(-10))];
      // A mean squared error decreases by a factor; an NLL, which may be negative, by an amount.
      const bound = name === "cnf" ? first - 0.3 : 0.8 * first;
      assert.ok(last < bound, `loss ${first}, at the end ${last}`);
      const config = JSON.parse(await Deno.readTextFile(`${whole}/config.json`));
      assert.deepEqual(config.network, { kind: "tanh", width: 12 });
      for (const key of ["net", "hidden", "filters", "blocks"]) assert.ok(!(key in config), key);
      // With --config it would silently train another network.
      assert.throws(() => parseConfigFile(JSON.stringify(config), "c.json"), {
        name: "InputError",
        message: /^c\.json: network: kind tanh belongs to the program that trained it/,
      });

      const end = await trainUntil({ ...given[name], network }, stopped, { stopAt: 7 });
      assert.deepEqual([end.kind, end.step], ["interrupted", 7]);
      await trainUntil({ model: name, network }, stopped, { mode: "resume" });
      assert.deepEqual(await essence(stopped), await essence(whole));
    }));
}

Deno.test("loadRun() makes a custom network by its registered kind", () =>
  inFolder(async (folder) => {
    // A kind used by this test only: the registry is process-wide.
    const network: Network = { ...tanhNetwork(4), kind: "registered-tanh" };
    const run = `${folder}/run`;
    await trainUntil({ ...given.fm, steps: 3, network }, run);
    await assert.rejects(readRun(run), {
      name: "InputError",
      message:
        /^[^\n]*config\.json: network: kind registered-tanh is not one of .*registerNetwork\(\)/,
    });
    const widths: unknown[] = [];
    registerNetwork({
      kind: "registered-tanh",
      create({ width }) {
        widths.push(width);
        if (width !== 4) throw new InputError(`width: expected 4, got ${width}`);
        return network;
      },
    });
    const { engines } = await openDevice("cpu");
    const { model } = await loadRun(run);
    assert.deepEqual(widths, [4]);
    const { samples } = await sample(model, engines, { count: 8, seed: 1 });
    const { logProb: nats } = await logProb(model, engines, samples);
    assert.ok(nats.every(Number.isFinite));
    model.parameters.dispose();
    await trainUntil({ model: "fm", steps: 5 }, run, { mode: "resume" });
    assert.equal((await readRun(run)).step, 5);
    // Manual changes to config.json reach the network's own validation.
    const path = `${run}/config.json`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"width": 4', '"width": 9'));
    await assert.rejects(readRun(run), {
      message: /config\.json: network: width: expected 4, got 9/,
    });
  }));

const tanh = tanhNetwork(4);
const [inWeight, ...others] = tanh.layout.entries;
const images: Network = { ...tanh, image: { height: 1, width: 2, channels: 1 } };
const refused: readonly (readonly [string, Partial<TrainSpec>, RegExp])[] = [
  ["the kind of a named one", { network: { ...tanh, kind: "mlp" } }, /one of Fluxion's own/],
  ["a net beside it", { network: tanh, net: "mlp" }, /net.*mlp.*does not apply.*kind tanh/],
  ["sizes beside it", { network: tanh, hidden: 8 }, /hidden.*8.*does not apply/],
  ["rows of images", { network: images }, /small: holds points of 2 .*takes images of 1 x 2 x 1/],
  ["rows of another width", { network: { ...tanh, rowWidth: 3 } }, /takes points of 3 dimensions/],
  ["no width", { network: { ...tanh, rowWidth: 0.5 } }, /rowWidth: expected a whole number.*0\.5/],
  ["an image of another size", { network: { ...images, rowWidth: 4 } }, /rowWidth: .*1 \* 2 \* 1/],
  [
    "a layout with a gap",
    {
      network: {
        ...tanh,
        layout: { entries: [{ ...inWeight!, offset: 1 }, ...others], size: tanh.layout.size },
      },
    },
    /in\.weight does not lie at 0.*layoutOf\(\)/,
  ],
  [
    "a layout with another size",
    { network: { ...tanh, layout: { ...tanh.layout, size: 1e9 } } },
    /layout: has the size 1000000000/,
  ],
  [
    "activations that are no numbers",
    { network: { ...tanh, activations: { evaluation: NaN, training: 1 } } },
    /activations\.evaluation: .*NaN/,
  ],
  [
    "activations that no memory holds",
    { network: { ...tanh, activations: { evaluation: 1e12, training: 1e12 } } },
    /layers of one row take/,
  ],
];
for (const [what, changes, message] of refused) {
  Deno.test(`train() refuses a custom network with ${what}`, () =>
    inFolder(async (folder) => {
      const bad = { ...given.fm, ...changes } as TrainSpec;
      await assert.rejects(trainUntil(bad, `${folder}/run`), { name: "InputError", message });
      assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 0);
    }));
}

for (const model of ["cnf", "fm"] as const) {
  Deno.test(`train() of ${model} refuses a custom network if no row fits in memory`, () =>
    inFolder(async (folder) => {
      const activations = { evaluation: 1, training: 2 ** 30 };
      const network = { ...tanh, activations };
      await assert.rejects(trainUntil({ ...given[model], network }, `${folder}/run`), {
        name: "InputError",
        message: /network tanh: training takes .*give narrower layers/,
      });
    }));
}

Deno.test("importWeights() imports the state_dict of a registered network", () =>
  inFolder(async (folder) => {
    const network: Network = { ...tanh, kind: "imported-tanh" };
    registerNetwork({
      kind: network.kind,
      create: () => network,
      stateDict: {
        mark: "a tanh network (in.weight [width, 3])",
        sizes({ shapeOf }) {
          const [width, inputs] = shapeOf("in.weight", 2) ?? [];
          return inputs === 3 ? { width } : null;
        },
      },
    });
    const weights = initialParameters(network, 2);
    await Deno.writeFile(`${folder}/w.safetensors`, encodeStateDict(network, weights));
    const options = { run: `${folder}/run` };
    const { run } = await importWeights("cnf", `${folder}/w.safetensors`, options);
    const read = await readRun(run);
    assert.deepEqual(networkRecord(read.network), { kind: "imported-tanh", width: 4 });
    assert.deepEqual(read.weights, weights);
  }));

Deno.test("train() does not resume a run with another network", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`;
    await trainUntil({ ...given.fm, steps: 2, network: tanh }, run);
    await assert.rejects(
      trainUntil({ model: "fm", steps: 4, network: tanhNetwork(5) }, run, { mode: "resume" }),
      { name: "InputError", message: /config\.json: its network is .*4.*given is .*5/ },
    );
  }));

Deno.test("train() trains a custom network of images", () =>
  inFolder(async (folder) => {
    const { height, width, channels } = smallImages();
    const rowWidth = height * width * channels;
    const network: Network = {
      kind: "own-images",
      rowWidth,
      image: { height, width, channels },
      layout: layoutOf([{ kind: "conv2d", name: "conv", inputs: 1, outputs: 1, kernel: 3 }]),
      apply: ([filter, bias], x) => {
        const images = tf.reshape(x, [-1, height, width, channels]) as tf.Tensor4D;
        const convolved = tf.conv2d(images, filter as tf.Tensor4D, 1, "same");
        return tf.reshape(tf.add(convolved, bias!), x.shape);
      },
    };
    const run = `${folder}/run`;
    const options = { data: "small-images", batchSize: 4, steps: 30, lr: 0.05 } as const;
    await trainUntil({ model: "fm", ...options, backend: "cpu", network }, run);
    const { steps } = await readLog(`${run}/log.jsonl`);
    assert.ok(steps.at(-1)!.loss < steps[0]!.loss, `${steps[0]!.loss} ${steps.at(-1)!.loss}`);
  }));
