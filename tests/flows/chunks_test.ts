import assert from "node:assert/strict";
import { ChunkPace, chunkRows } from "../../src/flows/chunks.ts";
import { accurateSolve, type FlowModel } from "../../src/flows/model.ts";
import type { Network } from "../../src/nn/network.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { mostRows, requireRowsFit } from "../../src/ode/solver/rows_memory.ts";
import { InputError } from "../../src/core/errors.ts";

const modelOf = (network: Network) => ({ kind: "fm", network }) as FlowModel;
const images = (side: number) =>
  modelOf(unetNetwork({ height: side, width: side, channels: 3, filters: 8 }));
const solved = (controlGroup: number | "batch") => ({ ...accurateSolve, controlGroup });

Deno.test("chunkRows() returns whole groups that fit in memory with their kept states", () => {
  const points = modelOf(mlpNetwork({ dims: 2, hidden: 8 }));
  assert.equal(chunkRows(points, solved(8)), 2048);
  assert.equal(chunkRows(images(28), solved(8)), 64);
  assert.equal(chunkRows(images(28), solved(100)), 100);
  assert.equal(chunkRows(images(28), solved("batch")), null);
  // 64 of them would take 5 GiB.
  assert.equal(chunkRows(images(512), solved(8)), 24);
  assert.equal(chunkRows(images(28), solved(8), 5000), 8);
  for (const [side, times] of [[28, 0], [28, 2000], [512, 0], [512, 5]] as const) {
    const rows = chunkRows(images(side), solved(1), times)!;
    const row = { width: 3 * side * side, stages: 7, times };
    requireRowsFit(rows, row);
    assert.throws(() => requireRowsFit(mostRows(row) + 1, row), InputError);
  }
});

Deno.test("ChunkPace doubles after short solves, up to the rows that the engine takes at once", async () => {
  const points = modelOf(mlpNetwork({ dims: 2, hidden: 8 }));
  let nowMs = 0;
  const pace = new ChunkPace(points, solved(24), { clock: () => nowMs });
  const rows: number[] = [];
  const solve = async (takesMs: number, rowsAtOnce: number) => {
    rows.push(pace.rows);
    const result = await pace.timed(() => {
      nowMs += takesMs;
      return Promise.resolve({ result: rows.length, rowsAtOnce });
    });
    assert.equal(result, rows.length);
  };
  await solve(1, 0); // of an engine that a few thousand rows saturate
  await solve(100, 10_000);
  await solve(99, 10_000);
  await solve(99, 10_000);
  await solve(99, 10_000);
  await solve(99, 10_000);
  assert.deepEqual(rows, [2040, 2040, 2040, 4080, 8160, 9984]);
  assert.equal(pace.rows, 9984);

  const whole = new ChunkPace(points, solved("batch"), { clock: () => nowMs });
  await whole.timed(() => Promise.resolve({ result: null, rowsAtOnce: 2 ** 17 }));
  assert.equal(whole.rows, Infinity);
});
