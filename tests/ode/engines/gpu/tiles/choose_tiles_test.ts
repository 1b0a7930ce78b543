import assert from "node:assert/strict";
import { gpuOf } from "../../../../../src/backends/gpu/mod.ts";
import type { SolveTask } from "../../../../../src/ode/engines/gpu/solved.ts";
import {
  chooseTiles,
  fastestOf,
  timeTiles,
} from "../../../../../src/ode/engines/gpu/tiles/choose_tiles.ts";
import {
  chosenTiles,
  tiledShape,
  tilesKey,
  tilesOn,
} from "../../../../../src/ode/engines/gpu/tiles/chosen_tiles.ts";
import {
  CANDIDATE_TILES,
  SMALL_TILE,
  tileFor,
  type WantedTile,
} from "../../../../../src/ode/engines/gpu/tiles/thread_tile.ts";
import { backendTest } from "../../../../support/backends.ts";
import { dopri5Solve } from "../../mlp_problem.ts";

Deno.test("fastestOf() takes the least time of each, and compiles none into it", async () => {
  let now = 0;
  const work = (ms: readonly number[], compiles: number) => {
    let recorded = 0, isCompiled = false, turn = 0;
    return {
      record: () => void recorded++,
      finish: () => {
        now += (isCompiled ? 12 : 12 + compiles) + recorded * ms[turn++ % ms.length]!;
        recorded = 0;
        isCompiled = true;
        return Promise.resolve();
      },
    };
  };
  const clock = () => now;
  assert.equal(await fastestOf([work([1], 10), work([0.9, 5], 900), work([2], 0)], clock), 1);
  assert.equal(await fastestOf([work([1], 10)], clock), 0);
});

Deno.test("tileFor() gives a thread one place where tangents come in passes", () => {
  for (const wanted of CANDIDATE_TILES) {
    for (const [columns, together] of [[3, true], [17, false]] as const) {
      const tile = tileFor({ tileRows: 8, quads: 16, columns }, wanted, () => true);
      assert.equal(tile.columns === columns, together);
      assert.equal(tile.rows * tile.quads, together ? wanted.rows * wanted.quads : 1);
    }
    // With little memory too.
    const small = tileFor(
      { tileRows: 8, quads: 16, columns: 3 },
      wanted,
      (tile) => tile.columns < 3,
    );
    assert.deepEqual([small.rows, small.quads, small.columns], [1, 1, 2]);
  }
});

const task: SolveTask = {
  field: { kind: "mlp", dims: 1, hidden: 4, trace: null },
  y0: { shape: [5, 1] },
  ...dopri5Solve,
  controlGroup: 2,
  keep: { kind: "records" },
};

backendTest(
  "timeTiles() keeps the tiles of the shape, and gives its buffers back",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend), shape = tiledShape(task);
    // With a single quad both have the same shader, which is not timed against itself.
    const wide: WantedTile = { rows: 1, quads: 2, unroll: 1 };
    assert.deepEqual(tilesOn(gpu, shape), { solve: SMALL_TILE, pullBack: SMALL_TILE });
    const before = gpu.counts.used;
    const candidates = [wide, SMALL_TILE];
    const tiles = await timeTiles(gpu, task, { clock: () => performance.now(), candidates });
    assert.deepEqual(tiles, { solve: wide, pullBack: wide });
    assert.deepEqual(tilesOn(gpu, shape), tiles);
    assert.deepEqual(tilesOn(gpu, { ...shape, rows: 6 }).solve, SMALL_TILE);
    // The progress of pull-backs stays on the device.
    assert.ok(gpu.counts.used - before <= 1);
    // What is known is not timed again.
    const { dispatches } = gpu.counts;
    assert.deepEqual(await chooseTiles(gpu, task, () => assert.fail()), tiles);
    assert.equal(gpu.counts.dispatches, dispatches);
    chosenTiles(gpu).delete(tilesKey(shape));
  },
);

backendTest("chooseTiles() times nothing on a software adapter", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  if (!/llvmpipe/.test(backend.description)) return;
  const { programs } = gpu.counts;
  const tiles = await chooseTiles(gpu, task, () => assert.fail());
  assert.deepEqual(tiles, { solve: SMALL_TILE, pullBack: SMALL_TILE });
  assert.equal(gpu.counts.programs, programs);
});
