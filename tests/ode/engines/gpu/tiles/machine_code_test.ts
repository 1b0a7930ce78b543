import assert from "node:assert/strict";
import { isWithinBounds } from "../../../../../tools/gpu_machine_code/bounds.ts";
import { engineShaders, titleOf } from "../../../../../tools/gpu_machine_code/engine_source.ts";
import { products } from "../../../../../tools/gpu_machine_code/product_source.ts";

const record = new URL("../../../../../tools/gpu_machine_code/record.txt", import.meta.url);

Deno.test("the machine code of every tile that is timed is on record, within its bounds", async () => {
  const text = await Deno.readTextFile(record);
  const titles = [...engineShaders(), ...products].map(([name, ...sizes]) => titleOf(name, sizes));
  for (const family of ["navi21", "gfx1100"]) {
    const found = text.split("\n").filter((line) => line.startsWith(`${family} `))
      .map((line) => line.slice(family.length).trim().split(/ {2,}/));
    assert.deepEqual(found.map(([title]) => title), titles);
    for (const [title, ...figures] of found) {
      const [registers, spilled, , share] = figures.map((figure) => parseInt(figure)) as number[];
      const code = { registers: registers!, spilled: spilled!, share: share! };
      assert.ok(isWithinBounds(code), `${family}, ${title}: ${figures}`);
    }
  }
});
