import assert from "node:assert/strict";
import {
  findTiles,
  keepTiles,
  knownTimes,
} from "../../../src/train/backend_choice/engine_times.ts";
import { inTempDir } from "../support/runs.ts";

const adapter = { vendor: "1", architecture: "", device: "2", description: "Test GPU" };
const tiles = {
  solve: { rows: 2, quads: 1, unroll: 2 },
  pullBack: { rows: 1, quads: 1, unroll: 2 },
};

Deno.test("keepTiles() keeps timed tiles by adapter and version", () =>
  inTempDir(async (folder) => {
    const at = { file: `${folder}/engine-times.json`, version: "1.0.0" };
    await keepTiles(at, adapter, new Map());
    await assert.rejects(Deno.stat(at.file), Deno.errors.NotFound);
    const chosen = new Map([["2 dimensions, width 64", tiles]]);
    await keepTiles(at, adapter, chosen);
    await keepTiles(at, adapter, new Map([...chosen, ["2 dimensions, width 32", tiles]]));
    assert.deepEqual([...await findTiles(at, adapter)], [
      ["2 dimensions, width 64", tiles],
      ["2 dimensions, width 32", tiles],
    ]);
    assert.equal((await findTiles(at, { ...adapter, device: "3" })).size, 0);
    assert.equal((await findTiles({ ...at, version: "1.0.1" }, adapter)).size, 0);
    assert.deepEqual(await knownTimes(at), []);
  }));

Deno.test("findTiles() takes no numbers that no shader is made with", () =>
  inTempDir(async (folder) => {
    const at = { file: `${folder}/engine-times.json`, version: "1.0.0" };
    await keepTiles(at, adapter, new Map([["shape", tiles]]));
    const text = await Deno.readTextFile(at.file);
    for (const rows of ["0", "3", "1e9", '"2"', "null"]) {
      await Deno.writeTextFile(at.file, text.replace('"rows": 2', `"rows": ${rows}`));
      assert.equal((await findTiles(at, adapter)).size, 0, rows);
    }
  }));
