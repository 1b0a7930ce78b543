import assert from "node:assert/strict";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import { differingOptions } from "../../../src/train/run/differing_options.ts";
import { encodeRunConfig } from "../../../src/train/run/load_run.ts";
import { holdRun } from "../../../src/train/run/run_folder.ts";
import { listRuns, summarizeRun } from "../../../src/train/run/run_summary.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { encodeSafetensors } from "../../../src/train/weights/safetensors.ts";
import { inFolder } from "../../support/in_folder.ts";

const checkpoint = encodeSafetensors({
  tensors: [{ name: "step", shape: [], values: BigInt64Array.of(1n) }],
  metadata: {},
});

/** Writes the small files of a run; `metrics` null: none. */
function writeRun(
  run: string,
  options: TrainOptions,
  metrics: Readonly<Record<string, number | boolean>> | null,
): void {
  Deno.mkdirSync(run, { recursive: true });
  const config = resolveConfig("cnf", null, options);
  const network = mlpNetwork({ dims: 2, hidden: config.hidden! });
  const rest = { standardization: null, columns: null, dropped: [], flowValues: {} };
  Deno.writeTextFileSync(
    `${run}/config.json`,
    encodeRunConfig({ config, network, ...rest, dataFile: null, testFile: null }),
  );
  if (metrics === null) return;
  const figures = { loss: 1.5, testLoss: 1.25, stepMs: 2, nfe: 14, seconds: 3 };
  const others = { backend: "cpu", seed: 0, threads: 1, peakMemoryBytes: null };
  Deno.writeTextFileSync(
    `${run}/metrics.json`,
    JSON.stringify({ model: "cnf", data: "moons", ...others, ...figures, ...metrics }),
  );
  Deno.writeFileSync(`${run}/checkpoint.safetensors`, checkpoint);
}

async function inRuns(work: (root: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await work(`${folder}/runs`);
  });
}

Deno.test("listRuns() tells finished, interrupted, running and broken runs, the newest first", () =>
  inRuns(async (root) => {
    writeRun(`${root}/finished`, { steps: 5 }, { steps: 5 });
    writeRun(`${root}/grown`, { steps: 9 }, { steps: 5, totalSteps: 5 });
    writeRun(`${root}/epochs`, { epochs: 2 }, { steps: 8, totalSteps: 8 });
    writeRun(`${root}/half`, { epochs: 2 }, { steps: 4, totalSteps: 8 });
    const early = { steps: 4, totalSteps: 9, stoppedEarly: true };
    writeRun(`${root}/early`, { steps: 9 }, early);
    writeRun(`${root}/longer`, { steps: 20 }, early);
    writeRun(`${root}/new`, { steps: 5 }, null);
    writeRun(`${root}/truncated`, { steps: 5 }, { steps: 5 });
    Deno.truncateSync(`${root}/truncated/checkpoint.safetensors`, checkpoint.length - 1);
    writeRun(`${root}/unchecked`, { steps: 5 }, { steps: 5 });
    Deno.removeSync(`${root}/unchecked/checkpoint.safetensors`);
    writeRun(`${root}/figures`, { steps: 5 }, { steps: 5 });
    Deno.writeTextFileSync(`${root}/figures/metrics.json`, "{");
    writeRun(`${root}/config`, { steps: 5 }, { steps: 5 });
    Deno.writeTextFileSync(`${root}/config/config.json`, '{"model": "cnf"}');
    writeRun(`${root}/later`, { steps: 5 }, null);
    Deno.utimeSync(`${root}/later/config.json`, new Date(), new Date(Date.now() + 60_000));
    writeRun(`${root}/sweep/a`, { steps: 5 }, null);
    Deno.mkdirSync(`${root}/notes`);
    Deno.writeTextFileSync(`${root}/a-file`, "");
    using _held = await holdRun(`${root}/half`, { mode: "resume", root, name: "" });

    const { runs, others } = await listRuns(root);
    const found = Object.fromEntries(
      runs.map(({ run, state, steps, totalSteps }) => [
        run.slice(root.length + 1),
        [state.kind === "broken" ? state.reason : state.kind, steps, totalSteps],
      ]),
    );
    assert.deepEqual(found, {
      finished: ["finished", 5, 5],
      grown: ["interrupted", 5, 9],
      epochs: ["finished", 8, 8],
      half: ["running", 4, 8],
      early: ["finished", 4, 9],
      longer: ["interrupted", 4, 20],
      new: ["interrupted", 0, 5],
      truncated: [
        `checkpoint.safetensors: not a valid safetensors file: its header declares 8 bytes of ` +
        "data, 7 follow",
        5,
        5,
      ],
      unchecked: ["checkpoint.safetensors: is missing", 5, 5],
      figures: ["metrics.json: is damaged", 0, 5],
      config: ["config.json: not a run's config: it has no network", 0, null],
      later: ["interrupted", 0, 5],
    });
    assert.equal(runs[0]!.run, `${root}/later`);
    assert.deepEqual(others, [{ folder: `${root}/notes`, runs: 0 }, {
      folder: `${root}/sweep`,
      runs: 1,
    }]);
    const { options, metrics, bytes } = await summarizeRun(`${root}/finished`);
    assert.equal(options!.lr, 0.01);
    assert.equal(metrics!.testLoss, 1.25);
    const sizes = [...Deno.readDirSync(`${root}/finished`)]
      .map(({ name }) => Deno.statSync(`${root}/finished/${name}`).size);
    assert.equal(bytes, sizes.reduce((sum, size) => sum + size, 0));
    await assert.rejects(listRuns(`${root}/nowhere`), /nowhere: there is no such folder; name /);
    await Deno.writeTextFile(`${root}/a-file`, "");
    await assert.rejects(listRuns(`${root}/a-file`), /a-file: is a file; name a run or a folder/);
    await assert.rejects(listRuns(`${root}/a-file/x`), /x: a part of the path is a file; name /);
    await assert.rejects(summarizeRun(`${root}/notes`), /notes: not a run folder/);
  }));

Deno.test("summarizeRun() tells metrics that may not be read from damaged ones", () =>
  inRuns(async (root) => {
    writeRun(`${root}/a`, { steps: 5 }, { steps: 5 });
    const { open } = Deno;
    try {
      Deno.open = async (path, options) => {
        if (path === `${root}/a/metrics.json`) throw new Deno.errors.PermissionDenied("denied");
        return await open(path, options);
      };
      const { state } = await summarizeRun(`${root}/a`);
      const reason = "metrics.json: cannot be read (permission denied)";
      assert.deepEqual(state, { kind: "broken", reason });
    } finally {
      Deno.open = open;
    }
  }));

Deno.test("listRuns() goes on when a run is removed while it is read", () =>
  inRuns(async (root) => {
    for (const name of ["a", "b"]) writeRun(`${root}/${name}`, { steps: 5 }, { steps: 5 });
    const { stat } = Deno;
    try {
      Deno.stat = async (path) => {
        const found = await stat(path);
        if (path === `${root}/a/config.json`) await Deno.remove(`${root}/a`, { recursive: true });
        return found;
      };
      const { runs } = await listRuns(root);
      const states = runs.map(({ run, state }) => [run.at(-1), state.kind]).toSorted();
      assert.deepEqual(states, [["a", "broken"], ["b", "finished"]]);
    } finally {
      Deno.stat = stat;
    }
  }));

Deno.test("differingOptions() lists what is not the same in all runs", () =>
  inRuns(async (root) => {
    writeRun(`${root}/a`, { steps: 5, lr: 0.01, lrHorizon: 5 }, null);
    writeRun(`${root}/b`, { steps: 9, lr: 0.01, lrHorizon: 9, trace: "hutchinson" }, null);
    const runs = [await summarizeRun(`${root}/a`), await summarizeRun(`${root}/b`)];
    assert.deepEqual(differingOptions(runs), [
      { name: "steps", values: [5, 9] },
      { name: "trace", values: ["exact", "hutchinson"] },
      { name: "probes", values: [undefined, "rademacher"] },
    ]);
    assert.deepEqual(differingOptions([runs[0]!, runs[0]!]), []);
  }));
