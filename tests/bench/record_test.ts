import assert from "node:assert/strict";
import { markdownTable } from "./markdown_table.ts";
import { lineOf, tableText } from "./record.ts";
import { rows } from "./table.ts";
import type { Result } from "./turns.ts";

function result(family: string, medianMs: number, prepareMs: number | null = null): Result {
  return {
    ...{ family, medianMs, leastMs: medianMs, cpuMs: null, prepareMs, nfe: null },
    ...{ peakBytes: null, importedBytes: null, ms: [medianMs] },
  };
}

const row = rows.find(({ name }) => name === "cnf-train")!;
const results = {
  "Fluxion, 1 thread": result("Fluxion", 110),
  "Fluxion, 2 threads": result("Fluxion", 60),
  "torchdiffeq autograd, 1 thread": result("torchdiffeq", 400),
  "torchdiffeq compiled, 2 threads (asleep)": result("torchdiffeq", 300, 12_000),
  "diffrax stacked, 2 threads": result("diffrax", 360, 3000),
  "BacksolveAdjoint stacked, 2 threads": result("BacksolveAdjoint", 200, 3000),
};

Deno.test("lineOf() compares with the fastest peer of the row's families alone", () => {
  const line = lineOf(row, results);
  assert.equal(line.fastest, "torchdiffeq compiled, 2 threads (asleep)");
  assert.deepEqual([line.oursMs, line.peerMs, line.ratio, line.met], [60, 300, 5, true]);
  assert.equal(line.peerPrepareMs, 12_000);
  assert.deepEqual(Object.keys(line.families), ["torchdiffeq", "diffrax"]);
});

Deno.test("lineOf() claims nothing without a peer", () => {
  const line = lineOf(row, { "Fluxion, 2 threads": result("Fluxion", 60) });
  assert.deepEqual([line.fastest, line.ratio, line.met], [null, null, null]);
  assert.match(tableText([line]), /no torchdiffeq or diffrax here/);
});

Deno.test("lineOf() takes another number of threads for a peer", () => {
  const threads = rows.find(({ name }) => name === "cnf-threads")!;
  assert.equal(lineOf(threads, results).peerMs, 110);
});

Deno.test("tableText() shows compilation and memory beside the ratio", () => {
  const memory = { "cnf-train": { ours: 120e6, peer: 610e6, peerImports: 268e6 } };
  const [head, line] = tableText([lineOf(row, results)], memory).split("\n");
  assert.match(head!, /^row +work +ours +peer +compile +NFE +memory +ratio +must +aim +met$/);
  assert.match(line!, /60\.0 ms +300\.0 ms .* 12\.0 s .*120 \/ 610 MB \(268\) +5\.00 +3\.8 +5 /);
  assert.match(line!, /yes, the aim too$/);
});

Deno.test("markdownTable() shows the rows that lose too, in bold", () => {
  const small = rows.find(({ name }) => name === "cnf-adjoint")!;
  const unmeasured = lineOf(rows.find(({ name }) => name === "gemm")!, {});
  const lines = [lineOf(row, results), lineOf({ ...small, must: 9 }, results), unmeasured];
  const memory = { "cnf-train": { ours: 120e6, peer: 610e6, peerImports: null } };
  const [, , met, lost, ...more] = markdownTable({ lines, memory }).split("\n");
  assert.equal(
    met,
    "| CNF train step, width 64, batch 512 | 60.0 ms | torchdiffeq compiled, 2 threads (asleep) | " +
      "300 ms | 5.00 | 3.8 | 5 | 12.0 s | 120 / 610 MB |",
  );
  assert.match(lost!, /BacksolveAdjoint stacked, 2 threads \| 200 ms \| \*\*3\.33\*\* \| 9 \|/);
  assert.deepEqual(more, []);
});
