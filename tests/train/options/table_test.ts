import assert from "node:assert/strict";
import { parserOf } from "../../../cli/options/parse_value.ts";
import type { ModelName, TrainOptionDeclaration } from "../../../src/train/options/declaration.ts";
import { defaultOf, netsOf } from "../../../src/train/options/defaults.ts";
import {
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
} from "../../../src/train/options/table.ts";
import { mergeOptions } from "../../../src/train/config/given_options.ts";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import { resumeConfig } from "../../../src/train/config/resume_config.ts";

const models = ["cnf", "fm"] as const satisfies readonly ModelName[];

/** Every choice that other options depend on. */
function* choices(): Generator<TrainOptions & { readonly model: ModelName }> {
  for (const model of models) {
    for (const net of netsOf(model)) {
      for (const solver of ["dopri5", "rk4"]) {
        for (const schedule of ["cosine", "constant"] as const) {
          const chosen = { model, net, solver, schedule };
          if (model === "fm") yield chosen;
          else for (const trace of ["exact", "hutchinson"] as const) yield { ...chosen, trace };
        }
      }
    }
  }
}

/** A valid value of an option, for all other choices. */
const valid: Readonly<Record<TrainOptionName, unknown>> = {
  ...{ model: "cnf", data: "x.csv", binarize: true, standardize: "none", drop: [1], header: "no" },
  ...{ hidden: 8, filters: 8, blocks: 2, init: "run", prefix: "ema", steps: 3, epochs: 2 },
  ...{ net: "mlp", batchSize: 4, lr: 0.5 },
  ...{ columns: ["a"], dropMissing: true, split: "ordered", testData: "t.csv" },
  ...{ log: [1], dequantize: ["b"], categorical: ["c", 4] },
  ...{ schedule: "constant", warmup: 0, lrHorizon: 5, clip: 0, weightDecay: 0, ema: 0.5 },
  ...{ solver: "rk4", rtol: 0.5, atol: 0.5, solverSteps: 3, maxSteps: 9, controlGroup: "batch" },
  ...{ trace: "exact", probes: "gaussian", gradient: "adjoint", sigmaMin: 0.5, seed: 1 },
  ...{ backend: "cpu", threads: 1, portableBits: true, evalEvery: 0, sampleEvery: 0 },
  ...{ saveSeconds: 0, validation: 0.2, patience: 5, noise: 0.5 },
  regularize: "kinetic=0.1",
};

/** The choices that determine which options apply. */
const deciding: readonly TrainOptionName[] = [
  "model",
  "data",
  "net",
  "solver",
  "schedule",
  "trace",
];

Deno.test("resolveConfig() accepts an option or explains why it is refused, for all other choices", () => {
  let taken = 0, refused = 0;
  for (const chosen of choices()) {
    for (const name of trainOptionNames.filter((name) => !deciding.includes(name))) {
      const given = { ...chosen, [name]: valid[name] };
      let config: TrainOptions;
      try {
        config = resolveConfig(chosen.model, null, given);
      } catch (error) {
        refused++;
        const { message } = error as Error;
        assert.match(message, new RegExp(`^\`${name}: .*\`: does not apply: \\w`));
        assert.ok(!(name in resolveConfig(chosen.model, null, chosen)), `${message}, by default`);
        continue;
      }
      taken++;
      assert.deepEqual(config[name], valid[name], name);
      assert.deepEqual(resumeConfig(resolveConfig(chosen.model, null, given), null, given), config);
    }
  }
  assert.ok(taken > 400 && refused > 100, `${taken} taken, ${refused} refused`);
});

Deno.test("every default is a valid value of its option, typed or in a file", () => {
  let seen = 0;
  for (const model of models) {
    for (const net of netsOf(model)) {
      for (const name of trainOptionNames) {
        const value = defaultOf(name, model, net);
        if (value === undefined) continue;
        seen++;
        assert.deepEqual(mergeOptions(null, { [name]: value }).options, { [name]: value });
        const rule = trainOptions[name].value;
        if (rule.kind !== "switch") assert.equal(parserOf(rule)(String(value)), value);
      }
    }
  }
  assert.ok(seen > 80, `${seen} defaults`);
});

Deno.test("the command line and a config file take the same values of every option", () => {
  const numbers = [
    -1,
    0,
    1e-300,
    0.5,
    1,
    2,
    3,
    4,
    64,
    65,
    2 ** 31 - 1,
    2 ** 31,
    1e300,
    Infinity,
    NaN,
  ];
  const energies = ["kinetic=0.01,jacobian=1", "jacobian=0", "kinetic=-1", "kinetic=1,kinetic=2"];
  const words = [
    ...energies,
    "kinetic=",
    "jacobian=Infinity",
    "kinetic=x",
    "speed=1",
    "none,kinetic=1",
  ];
  words.push("batch", "auto", "exact", "cosine", "rk4", "unet", "x", "zscores", "none", "");
  const isTaken = (work: () => unknown) => {
    try {
      work();
      return true;
    } catch (error) {
      assert.match((error as Error).message, /expected /);
      return false;
    }
  };
  for (const name of trainOptionNames) {
    const rule = trainOptions[name].value;
    if (rule.kind === "switch" || rule.kind === "columns") continue;
    const isText = ["choice", "text", "energies"].includes(rule.kind);
    for (const value of isText ? words : [...numbers, ...words.filter((word) => word !== "")]) {
      const typed = isTaken(() => parserOf(rule)(String(value)));
      const inFile = isTaken(() => mergeOptions(null, { [name]: value }));
      assert.equal(typed, inFile, `${name} ${value}`);
    }
  }
});

Deno.test("a config has the options that its type promises, for all choices", () => {
  const always = [
    ...["model", "data", "net", "batchSize", "lr", "schedule", "warmup", "clip", "weightDecay"],
    ...["ema", "solver", "maxSteps", "controlGroup", "seed", "backend", "evalEvery", "sampleEvery"],
    "saveSeconds",
  ] as const;
  for (const chosen of choices()) {
    const config = resolveConfig(chosen.model, null, chosen);
    // The compiler checks that none of these may be undefined.
    for (const name of always) assert.notEqual(config[name] satisfies string | number, undefined);
    assert.ok((config.steps === undefined) !== (config.epochs === undefined));
  }
});

Deno.test("mergeOptions() discards options of a file that belong to a choice which the caller overrides", () => {
  let seen = 0;
  for (const name of trainOptionNames) {
    const { discardedBy }: TrainOptionDeclaration = trainOptions[name];
    const file = { place: "c.json", options: { [name]: valid[name], seed: 7 } };
    const others = { batchSize: 4 };
    assert.deepEqual(mergeOptions(file, others).options, { ...file.options, ...others });
    if (discardedBy === undefined) continue;
    seen++;
    assert.ok(discardedBy in trainOptions, discardedBy);
    const own = { [discardedBy]: valid[discardedBy as TrainOptionName] };
    assert.deepEqual(mergeOptions(file, own).options, { seed: 7, ...own });
  }
  assert.ok(seen >= 7, `${seen} such options`);
});
