import assert from "node:assert/strict";
import {
  findTiles,
  findTimes,
  keepTiles,
  keepTimes,
  knownTimes,
} from "../../../src/train/backend_choice/engine_times.ts";
import { inFolder } from "../../support/in_folder.ts";

const adapter = { vendor: "1", architecture: "", device: "2", description: "Test GPU" };
const tiles = {
  solve: { rows: 2, quads: 1, unroll: 2 },
  pullBack: { rows: 1, quads: 1, unroll: 2 },
};

Deno.test("keepTiles() keeps timed tiles by adapter and version", () =>
  inFolder(async (folder) => {
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
  inFolder(async (folder) => {
    const at = { file: `${folder}/engine-times.json`, version: "1.0.0" };
    await keepTiles(at, adapter, new Map([["shape", tiles]]));
    const text = await Deno.readTextFile(at.file);
    for (const rows of ["0", "3", "1e9", '"2"', "null"]) {
      await Deno.writeTextFile(at.file, text.replace('"rows": 2', `"rows": ${rows}`));
      assert.equal((await findTiles(at, adapter)).size, 0, rows);
    }
  }));

const choice = { backend: "cpu", adapter: "Test GPU", cpuMs: 1, webgpuMs: 2 } as const;
const shape = { model: "cnf" };

Deno.test("keepTimes() keeps no measurement in which a backend took no step", () =>
  inFolder(async (folder) => {
    const at = { file: `${folder}/engine-times.json`, version: "1.0.0" };
    for (const failed of [{ webgpuMs: null }, { cpuMs: null }]) {
      await keepTimes(at, { adapter, shape, choice: { ...choice, ...failed }, atMs: 0 });
      assert.equal(await findTimes(at, { adapter, shape }), null);
    }
    await keepTimes(at, { adapter, shape, choice, atMs: 0 });
    assert.deepEqual(await findTimes(at, { adapter, shape }), choice);
  }));

Deno.test("keepTimes() makes a file of a bare name, not a folder", async () => {
  const at = { file: `engine-times-${crypto.randomUUID()}.json`, version: "1.0.0" };
  try {
    await keepTimes(at, { adapter, shape, choice, atMs: 0 });
    assert.ok((await Deno.stat(at.file)).isFile);
  } finally {
    await Deno.remove(at.file, { recursive: true });
  }
});

Deno.test("an entry that another version wrote is kept, and hides no others", () =>
  inFolder(async (folder) => {
    const at = { file: `${folder}/engine-times.json`, version: "1.0.0" };
    await keepTimes(at, { adapter, shape, choice, atMs: 0 });
    await keepTiles(at, adapter, new Map([["shape", tiles]]));
    const { times, ...content } = JSON.parse(await Deno.readTextFile(at.file));
    const later = { ...times[0], watts: 3 };
    await Deno.writeTextFile(
      at.file,
      JSON.stringify({ ...content, times: [...times, later], drivers: {} }),
    );
    assert.deepEqual(await findTimes(at, { adapter, shape }), choice);
    assert.equal((await findTiles(at, adapter)).size, 1);
    await keepTimes(at, { adapter, shape: { model: "fm" }, choice, atMs: 1 });
    assert.equal((await knownTimes(at)).length, 2);
    const written = JSON.parse(await Deno.readTextFile(at.file));
    assert.deepEqual([written.times[1], written.drivers], [later, {}]);
  }));
