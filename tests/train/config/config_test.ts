import assert from "node:assert/strict";
import { configJsonSchema } from "../../../tools/config_schema.ts";
import { netOfData } from "../../../src/train/options/defaults.ts";
import { parseConfigFile } from "../../../src/train/config/config_file.ts";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import { resumeConfig } from "../../../src/train/config/resume_config.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";

const file = (options: unknown) => parseConfigFile(JSON.stringify(options), "c.json");

Deno.test("resolveConfig() with nothing given is the contract's defaults", () => {
  const cnf = resolveConfig("cnf");
  assert.equal(cnf.data, "moons");
  assert.equal(cnf.net, "mlp");
  assert.equal(cnf.controlGroup, 8);
  const fm = resolveConfig("fm");
  assert.equal(fm.data, "mnist");
  assert.equal(fm.net, "unet");
  assert.equal(fm.sigmaMin, 1e-4);
});

Deno.test("resolveConfig() of a resolved config changes nothing", () => {
  for (
    const config of [
      resolveConfig("cnf"),
      resolveConfig("cnf", null, { solver: "rk4", trace: "hutchinson", schedule: "constant" }),
      resolveConfig("fm", null, { data: "moons" }),
      resolveConfig("fm", null, { epochs: 3 }),
      resolveConfig("fm", null, { net: "resnet" }),
    ]
  ) {
    assert.deepEqual(resolveConfig(config.model, file(config)), config);
    assert.deepEqual(resolveConfig(config.model, null, config), config);
  }
});

Deno.test("resolveConfig() keeps only options that apply", () => {
  const exact = resolveConfig("cnf");
  assert.ok(!("probes" in exact) && !("solverSteps" in exact) && !("sigmaMin" in exact));
  assert.ok(!("filters" in exact) && !("binarize" in exact) && !("epochs" in exact));
  const fixed = resolveConfig("cnf", null, { solver: "euler", trace: "hutchinson" });
  assert.ok(!("rtol" in fixed) && fixed.solverSteps! > 0 && fixed.probes === "rademacher");
  const images = resolveConfig("fm", null, { steps: 5 });
  assert.ok(!("hidden" in images) && !("trace" in images) && !("epochs" in images));
});

Deno.test("resolveConfig() lets the command line override the file", () => {
  const config = resolveConfig("cnf", file({ lr: 0.1, seed: 3, solver: "rk4", solverSteps: 4 }), {
    lr: 0.2,
    solver: "dopri5",
  });
  assert.equal(config.lr, 0.2);
  assert.equal(config.seed, 3);
  assert.ok(!("solverSteps" in config));
  const steps = resolveConfig("cnf", file({ epochs: 2 }), { steps: 7 });
  assert.ok(steps.steps === 7 && !("epochs" in steps));
});

const refusedFlags: [model: "cnf" | "fm", flags: TrainOptions, message: RegExp][] = [
  ["cnf", { lr: -1 }, /^`lr`: expected a number above 0; found -1$/],
  ["cnf", { lr: Infinity }, /^`lr`: .*found Infinity/],
  ["cnf", { clip: NaN }, /^`clip`: .*found NaN/],
  ["cnf", { hidden: 65 }, /^`hidden`: expected an even whole number.*found 65/],
  ["cnf", { batchSize: 0 }, /^`batchSize`: .*1 or more; found 0/],
  ["cnf", { ema: 1 }, /^`ema`: .*below 1; found 1/],
  ["cnf", { controlGroup: 0 }, /^`controlGroup`: .*"batch"; found 0/],
  ["cnf", { sigmaMin: 0.1 }, /^`sigmaMin: 0.1`: does not apply: .*flow matching/],
  ["cnf", { filters: 8 }, /^`filters: 8`: does not apply/],
  ["cnf", { data: "mnist" }, /mnist.*a CNF takes points/],
  ["cnf", { probes: "gaussian" }, /^`probes: "gaussian"`: .*`trace: "hutchinson"`/],
  ["cnf", { solver: "rk4", rtol: 1e-3 }, /^`rtol: 0.001`: .*`solverSteps`/],
  ["cnf", { solverSteps: 3 }, /^`solverSteps: 3`: .*`rtol` and `atol`/],
  ["cnf", { solver: "rk5" }, /^`solver`: expected one of .*did you mean "rk4"\?; found "rk5"/],
  ["cnf", { steps: 3, epochs: 1 }, /^`steps: 3` and `epochs: 1`: give one/],
  ["cnf", { schedule: "constant", lrHorizon: 9 }, /^`lrHorizon: 9`: does not apply/],
  ["fm", { trace: "exact" }, /^`trace: "exact"`: does not apply/],
  ["fm", { gradient: "adjoint" }, /^`gradient: "adjoint"`: does not apply/],
  ["fm", { hidden: 64 }, /^`hidden: 64`: does not apply: net unet has filters/],
  ["fm", { blocks: 4 }, /^`blocks: 4`: does not apply: net unet .*`net: "resnet"`/],
  ["fm", { data: "moons", blocks: 4 }, /^`blocks: 4`: does not apply: net mlp .*`hidden`/],
  ["fm", { data: "moons", binarize: true }, /^`binarize: true`: does not apply/],
];
for (const [model, flags, message] of refusedFlags) {
  Deno.test(`resolveConfig() refuses ${model} with ${JSON.stringify(flags)}`, () => {
    assert.throws(() => resolveConfig(model, null, flags), { name: "InputError", message });
  });
}

Deno.test("parseConfigFile() names the place, the key and the likely intended name", () => {
  assert.throws(() => file({ hiden: 3 }), {
    name: "InputError",
    message: 'c.json: hiden: unknown option, did you mean "hidden"?',
  });
  assert.throws(() => file({ lr: "fast" }), { message: /^c.json: lr: .*found "fast"/ });
  assert.throws(() => file({ network: {} }), { message: "c.json: network.kind: is missing" });
  assert.throws(() => file({ seed: 2 ** 53 }), { message: /0 or more, below 2\^53; found 9007/ });
  assert.throws(() => file([1]), { message: /^c.json.*expected an object/ });
  assert.throws(() => parseConfigFile("{", "c.json"), { message: /^c.json: not JSON/ });
  assert.throws(() => parseConfigFile(`{"drop":${"[".repeat(100)}`, "c.json"), {
    message: "c.json: not JSON: nested more than 32 deep",
  });
  assert.throws(() => parseConfigFile('{"dropped":[{"name":"a"}]}', "c.json"), {
    message: "c.json: dropped.0.number: is missing",
  });
  assert.throws(() => resolveConfig("cnf", file({ sigmaMin: 0.1 })), {
    message: /^c.json: sigmaMin 0.1: does not apply/,
  });
  assert.throws(() => resolveConfig("cnf", file({ model: "fm" })), {
    message: /^c.json: model fm: this is train cnf/,
  });
});

Deno.test("netOfData() knows images by name and IDX files by ending", () => {
  for (const data of ["mnist", "fashionmnist", "a/train-images-idx3-ubyte.gz", "x.idx"]) {
    assert.equal(netOfData(data), "unet", data);
  }
  for (const data of ["moons", "-", "mnist.csv", "x.npy"]) {
    assert.equal(netOfData(data), "mlp", data);
  }
});

Deno.test("resumeConfig() keeps the mathematics", () => {
  const stored = { ...resolveConfig("cnf"), lrHorizon: 600 };
  assert.deepEqual(resumeConfig(stored), stored);
  assert.deepEqual(resumeConfig(stored, null, { lr: stored.lr, steps: 900 }), {
    ...stored,
    steps: 900,
  });
  assert.throws(() => resumeConfig(stored, null, { lr: 0.5 }), {
    name: "InputError",
    message: /^`lr: 0.5`: the run has lr 0.01/,
  });
  assert.throws(() => resumeConfig(stored, null, { sigmaMin: 0.5 }), { message: /does not apply/ });
  assert.throws(() => resumeConfig(stored, null, { init: "x" }), { message: /^`init: "x"`/ });
  assert.throws(() => resumeConfig(stored, null, { model: "fm" }), { message: /has model cnf/ });
  const portable = { ...stored, portableBits: true };
  assert.equal(resumeConfig(portable).portableBits, true);
  assert.throws(() => resumeConfig(stored, null, { portableBits: true }), {
    name: "InputError",
    message: /^`portableBits: true`: the run started without it/,
  });
  assert.throws(() => resumeConfig(portable, file({ portableBits: false })), {
    message: /^c.json: portableBits false: the run has portableBits true/,
  });
  const longer = resumeConfig(stored, null, { epochs: 90, lrHorizon: 9, saveSeconds: 0 });
  assert.ok(longer.epochs === 90 && !("steps" in longer));
  assert.ok(longer.lrHorizon === 9 && longer.saveSeconds === 0);
});

Deno.test("docs/config.schema.json is what the schema says", async () => {
  const published = await Deno.readTextFile(
    new URL("../../../docs/config.schema.json", import.meta.url),
  );
  assert.ok(
    published === configJsonSchema(),
    "out of date: deno run --allow-write=docs tools/config_schema.ts",
  );
});
