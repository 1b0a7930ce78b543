import assert from "node:assert/strict";
import { parseGpuArguments } from "./arguments.ts";
import { gpuRows } from "./rows.ts";
import { gpuTableText } from "./table_text.ts";

Deno.test("parseGpuArguments() knows its options and the rows of both tables", () => {
  assert.deepEqual(parseGpuArguments(["--toy", "--python", "p", "field"]), {
    ...{ isToy: true, rounds: 3, names: ["field"], python: "p" },
  });
  assert.deepEqual(parseGpuArguments(["cnf-512-64", "--rounds=2"]).names, ["cnf-512-64"]);
  assert.throws(
    () => parseGpuArguments(["--toy", "cnf-512-64"]),
    /^Error: cnf-512-64: no such row/,
  );
  assert.throws(() => parseGpuArguments(["--rounds", "0"]), /a whole number from 1, got 0$/);
  assert.throws(() => parseGpuArguments(["--quick"]), /^Error: --quick: no such option/);
});

Deno.test("gpuTableText() has a line for each peer, the fastest of its family", () => {
  const row = gpuRows({ isToy: false })[0]!;
  const result = (family: string, medianMs: number) => ({
    ...{ family, medianMs, leastMs: medianMs, cpuMs: null, prepareMs: null, nfe: null },
    ...{ peakBytes: null, importedBytes: null, ms: [medianMs] },
  });
  const results = {
    Fluxion: result("Fluxion", 2),
    "torchdiffeq tangents": result("torchdiffeq", 300),
    "torchdiffeq compiled": result("torchdiffeq", 250),
  };
  const arithmetic = { flop: 1, flops: 1, least: 3, aim: 1.5 };
  const field = { rows: 65_536, hidden: 128, must: 0.25, aim: 0.5, peak: 20e12, flops: 9e12 };
  const lines = gpuTableText([{ row, results, step: null, arithmetic }], field).split("\n");
  assert.equal(lines.length, 1 + 3 + 1);
  assert.match(lines[1]!, /1\.50 ms to 3\.00 ms +- +no odeint_adjoint here +- +200 +500$/);
  assert.match(lines[2]!, /2\.00 ms .* 250 ms +torchdiffeq compiled +125\.00 +60 +200$/);
  assert.match(lines[4]!, /width 128 +9000\.0 GFLOP\/s +20000\.0 GFLOP\/s .* 0\.45 +0\.25 +0\.5$/);
});
