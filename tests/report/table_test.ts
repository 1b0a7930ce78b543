import assert from "node:assert/strict";
import { openDataset } from "../../src/data/registry.ts";
import { sample } from "../../src/flows/sample.ts";
import { encodePng } from "../../src/plot/png.ts";
import { ModelOnLoan } from "../../src/report/model_on_loan.ts";
import { reportDocument } from "../../src/report/report.ts";
import { readReportedRun } from "../../src/report/reported_run.ts";
import { fillNormal } from "../../src/runtime/random.ts";
import { samplesFile } from "../../src/train/run_folder.ts";
import { train } from "../../src/train/train.ts";
import { inFolder } from "../cli/_fluxion.ts";

Deno.test("a report of a table is in the table's units, without the columns that were dropped", () =>
  inFolder(async (folder) => {
    const run = `${folder}/run`, data = `${folder}/years.csv`;
    const z = fillNormal({ seed: 1, stream: 2, lane: 0 }, 0, new Float32Array(300));
    const lines = Array.from(z, (value, i) => `${2000 + 30 * value},${i % 2 ? "a" : "b"}\n`);
    await Deno.writeTextFile(data, `year,kind\n${lines.join("")}`);
    const few = { hidden: 4, batchSize: 32, steps: 2, backend: "cpu" } as const;
    await train({ model: "fm", data, drop: ["kind"], ...few }, { run });
    await Deno.mkdir(`${run}/samples`);
    await Deno.writeFile(
      samplesFile(run, 1),
      encodePng(new Uint8Array(4), { width: 2, height: 2 }),
    );
    const reported = await readReportedRun(run, {
      name: "runs/years",
      openDataset: (name, opening) => openDataset(name, { ...opening, dataDir: null }),
    });
    {
      using models = new ModelOnLoan("cpu");
      const { model, engine } = await models.of(reported);
      const { samples } = await sample(model, engine, { count: 200 });
      const mean = Array.from(samples).reduce((sum, value) => sum + value, 0) / 200;
      assert.ok(Math.abs(mean - 2000) < 30, `mean ${mean}`);
    }
    const { sections } = await reportDocument([{ kind: "run", run: reported }], {
      title: "Report",
      subtitle: "",
      introduction: "",
      command: "fluxion report a",
      version: "0",
      seed: 0,
      backend: "cpu",
    });
    const words = JSON.stringify(
      sections[0]!.sections[0]!.blocks.filter(({ kind }) => kind !== "figure"),
    );
    assert.match(words, /loss is that of the standardised data\. Left out of the file: `kind`/);
    assert.match(words, /`year`","(1,9|2,0)\d\d"/);
  }));
