import assert from "node:assert/strict";
import { runsTable } from "../../cli/commands/runs/run.ts";
import { type SweepRow, type SweepTable, tableText } from "../../cli/commands/sweep/sweep_table.ts";
import { stackedTables, table } from "../../cli/terminal/table.ts";
import type { RunSummary } from "../../src/train/run/run_summary.ts";

const columns = [
  { head: "run", enough: 10, least: 5 },
  { head: "loss", align: "right" },
  { head: "state", enough: 8, loses: "end" },
] as const;
const rows = [["runs/a-long-name-0001", "1.25", "finished"], ["b\nc", "-0.5", "broken: why"]];

Deno.test("table() aligns columns and keeps every cell on its line", () => {
  assert.deepEqual(table(columns, rows, null).split("\n"), [
    "run                    loss  state",
    "runs/a-long-name-0001  1.25  finished",
    "b\\nc                   -0.5  broken: why",
  ]);
  const wide = table([{ head: "n" }, { head: "x" }], [["数据", "1"], ["e\u0301", "2"]], null);
  assert.deepEqual(wide.split("\n"), ["n     x", "数据  1", "e\u0301     2"]);
});

Deno.test("table() shortens names, then folds its rows, and never exceeds the width", () => {
  assert.equal(table(columns, rows, 26).split("\n")[1], "runs…-0001  1.25  finished");
  assert.deepEqual(table(columns, rows, 25).split("\n"), [
    "run                  loss",
    "    state",
    "runs/a-lo…name-0001  1.25",
    "    finished",
    "b\\nc                 -0.5",
    "    broken: why",
  ]);
  for (let most = 12; most < 60; most++) {
    const text = table(columns, rows, most);
    for (const line of text.split("\n")) assert.ok([...line].length <= most, `${most}: ${line}`);
    for (const figure of ["1.25", "-0.5", "run", "loss", "state"]) {
      assert.ok(text.includes(figure), `${most}: ${figure}`);
    }
  }
});

const summary = (run: string, state: RunSummary["state"]): RunSummary => ({
  run,
  state,
  options: { model: "cnf", data: "/data/a table of measurements.csv" },
  network: { kind: "mlp" } as RunSummary["network"],
  dataFile: null,
  testFile: null,
  metrics: {
    testLoss: 1.23456,
    validationLoss: 2.34567,
    seconds: 754,
  } as RunSummary["metrics"],
  steps: 1234,
  totalSteps: 20000,
  bytes: 12.3e6,
  writtenMs: 0,
});

Deno.test("runs and sweep print every figure at any width", () => {
  const found = [
    summary("/x/runs/a-run-with-a-long-name-0001", { kind: "interrupted" }),
    summary("/x/runs/b", { kind: "broken", reason: "metrics.json: is damaged" }),
  ];
  const row = (data: string, lr: number): SweepRow => ({
    options: { data, lr },
    runs: ["a", "b"],
    figures: {
      validationLoss: { mean: 1.23456, stdErr: 0.0123 },
      testLoss: { mean: 2.34567, stdErr: 0.0234 },
      loss: { mean: -345.67, stdErr: 0.0345 },
      seconds: { mean: 12.3, stdErr: null },
    },
  });
  const swept: SweepTable = {
    orderedBy: "testLoss",
    rows: [row("/a/points.csv", 0.012345678901234567), row("/b/points.csv", 5e-3)],
  };
  const figures = {
    runs: [
      "1234",
      "20000",
      "1.2346",
      "2.3457",
      "12 min 34 s",
      "12.3 MB",
      "interrupted at step 1234",
    ],
    sweep: ["1.2346  0.012", "2.3457  0.023", "-345.67  0.035", "12 s", "0.005"]
      .concat("0.012345678901234567", "a/points.csv", "b/points.csv"),
  };
  for (const columns of [40, 60, 80, 120, 200, null]) {
    const texts = { runs: runsTable(found, columns), sweep: tableText(swept, columns) };
    for (const [name, text] of Object.entries(texts)) {
      for (const figure of figures[name as keyof typeof figures]) {
        assert.ok(text.includes(figure), `${name} at ${columns}: ${figure}\n${text}`);
      }
      const widest = Math.max(...text.split("\n").map((line) => line.length));
      assert.ok(widest <= (columns ?? Infinity), `${name} at ${columns}: ${widest}\n${text}`);
    }
  }
});

Deno.test("stackedTables() shows every column, below the others where there is no room", () => {
  const lines = stackedTables(columns, rows, 20).split("\n");
  assert.deepEqual(lines, [
    "run             loss",
    "runs/a…me-0001  1.25",
    "b\\nc            -0.5",
    "",
    "run         state",
    "runs…-0001  finished",
    "b\\nc        broken:…",
  ]);
  assert.equal(stackedTables(columns, rows, Infinity), table(columns, rows, null));
});
