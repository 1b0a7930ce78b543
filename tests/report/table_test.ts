import assert from "node:assert/strict";
import { openDataset } from "../../src/data/registry.ts";
import { accurateSolve } from "../../src/flows/model.ts";
import { sample } from "../../src/flows/sample.ts";
import { encodePng } from "../../src/core/png/encode_png.ts";
import { RunModelCache } from "../../src/report/run_model_cache.ts";
import { reportDocument } from "../../src/report/report.ts";
import { studySolvers } from "../../src/report/sections/solver_study.ts";
import { readReportedRun } from "../../src/report/reported_run.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { samplesFile } from "../../src/train/run/run_folder.ts";
import { train } from "../../src/train/train.ts";
import { inFolder } from "../cli/_fluxion.ts";
import { reportOptions } from "./support/report_options.ts";

Deno.test("a report of a table uses the table's units and omits dropped columns", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`, data = `${folder}/years.csv`;
    const z = fillNormal({ seed: 1, stream: 2, subsequence: 0 }, 0, new Float32Array(300));
    const lines = Array.from(z, (value, i) => `${2000 + 30 * value},${i % 2 ? "a" : "b"}\n`);
    await Deno.writeTextFile(data, `year,kind\n${lines.join("")}`);
    const few = { hidden: 4, batchSize: 32, steps: 2, backend: "cpu" } as const;
    const started = `${folder}/started`;
    for (const [path, init] of [[run, undefined], [started, run]] as const) {
      const given = init === undefined ? few : { ...few, init };
      await train({ model: "fm", data, drop: ["kind"], ...given }, { run: path });
      await Deno.mkdir(`${path}/samples`);
      await Deno.writeFile(
        samplesFile(path, 1),
        encodePng(new Uint8Array(4), { width: 2, height: 2 }),
      );
    }
    const read = (path: string) =>
      readReportedRun(path, {
        name: "runs/years",
        openDataset: (name, opening) => openDataset(name, { ...opening, dataDir: null }),
      });
    const reported = await read(run);
    {
      using models = new RunModelCache("cpu");
      const { model, engines } = await models.of(reported);
      const { samples } = await sample(model, engines, { count: 200 });
      const mean = Array.from(samples).reduce((sum, value) => sum + value, 0) / 200;
      assert.ok(Math.abs(mean - 2000) < 30, `mean ${mean}`);
      // The error of a solve is measured on the standardised columns, independent of units.
      const settings = { count: 16, seed: 0, solve: accurateSolve };
      const [error, standardised] = await Promise.all(
        [model, { ...model, standardization: null }].map(async (of) =>
          (await studySolvers(of, engines, settings)).studied[0]!.error
        ),
      );
      assert.ok(Math.abs(error! / standardised! - 1) < 1e-3, `${error}, ${standardised}`);
    }
    const runs = [reported, await read(started)].map((run) => ({ kind: "run", run }) as const);
    const { sections } = await reportDocument(runs, reportOptions);
    const [words, wordsOfStarted] = sections.slice(1, 3).map((section) => {
      const data = section.sections.find(({ title }) => title === "The data")!;
      return JSON.stringify(data.blocks.filter(({ kind }) => kind !== "figure"));
    }) as [string, string];
    assert.match(words, /standard deviation, over the training points;/);
    const drawn = sections[1]!.sections.find(({ title }) => title === "The data")!.blocks
      .flatMap((block) => block.kind === "figure" ? [block.picture.bytes] : []);
    assert.match(new TextDecoder().decode(drawn[0]), />year</);
    assert.match(
      wordsOfStarted,
      /standard deviation, over the points that its initial weights were trained on;/,
    );
    assert.match(words, /loss is that of the standardised data\. Left out of the file: `kind`/);
    assert.match(words, /`year`","(1,9|2,0)\d\d"/);
    const all = JSON.stringify(sections[1]);
    assert.match(
      all,
      /24 of the 240 training rows did not train but validate: their loss was lowest, [\d.]+, at step 2/,
    );
    // A normal column with standard deviation 30 has the entropy 4.82 nats.
    const rows = /"(Test NLL[^"]*60 points|NLL of one Gaussian[^"]*)","(\d\.\d+)/g;
    const figures = [...all.matchAll(rows)].map((row) => Number(row[2]));
    assert.equal(figures.length, 2);
    assert.ok(figures.every((nll) => Math.abs(nll - 4.82) < 0.3), `${figures}`);
  }));
