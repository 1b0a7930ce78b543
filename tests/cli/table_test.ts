import assert from "node:assert/strict";
import { stackedTables, table } from "../../cli/terminal/table.ts";

const columns = [
  { head: "run", enough: 10, least: 5 },
  { head: "loss", align: "right", dispensable: 1 },
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

Deno.test("table() shortens cells, then leaves out columns, and never exceeds the width", () => {
  assert.equal(table(columns, rows, 26).split("\n")[1], "runs…-0001  1.25  finished");
  // What the column of losses has freed goes to the others.
  assert.equal(table(columns, rows, 25).split("\n")[1], "runs/…e-0001  finished");
  for (let most = 18; most < 40; most++) {
    for (const line of table(columns, rows, most).split("\n")) {
      assert.ok([...line].length <= most, `${most}: ${line}`);
    }
  }
  const narrow = table(columns, rows, 15).split("\n");
  assert.deepEqual(narrow, ["run    state", "ru…01  finished", "b\\nc   broken:…"]);
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
