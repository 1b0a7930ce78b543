import assert from "node:assert/strict";
import {
  EFFORT,
  type KeyFigure,
  resultsSection,
  type RunResult,
} from "../../src/report/results.ts";

Deno.test("resultsSection() has what is compared first and what a run took last", () => {
  const effort: KeyFigure[] = Object.values(EFFORT).map((name) => ({
    name,
    text: "1",
    lower: null,
  }));
  const run = (id: string, figures: readonly KeyFigure[]): RunResult => ({
    ...{ kind: "run", id, title: id, folder: id, model: "fm", group: id },
    figures: [...figures, ...effort],
  });
  const loss = { name: "test loss", text: "2", lower: 2 };
  const found = resultsSection([
    run("a", [loss]),
    run("b", [{ name: "Gaussian NLL", text: "3", lower: null }, loss]),
  ], [])!;
  const [table] = found.blocks.flatMap((block) => block.kind === "table" ? [block] : []);
  assert.deepEqual(
    table!.columns.map(({ name }) => name),
    ["run", "test loss", "Gaussian NLL", "steps", "time"],
  );
});
