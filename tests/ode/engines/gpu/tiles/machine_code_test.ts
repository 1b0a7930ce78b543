import assert from "node:assert/strict";
import { isWithinBounds } from "../../../../../tools/gpu_machine_code/bounds.ts";
import { engineShaders, titleOf } from "../../../../../tools/gpu_machine_code/engine_source.ts";
import {
  multiplyAddsPerNumber,
  products,
} from "../../../../../tools/gpu_machine_code/product_source.ts";

const record = new URL("../../../../../tools/gpu_machine_code/record.txt", import.meta.url);

Deno.test("the machine code of every tile that is timed is on record, within its bounds", async () => {
  const text = await Deno.readTextFile(record);
  const shaders = [...engineShaders(), ...products].map(([name, ...sizes]) => ({
    title: titleOf(name, sizes),
    perNumber: multiplyAddsPerNumber(name, sizes),
  }));
  for (const family of ["navi21", "gfx1100"]) {
    const found = text.split("\n").filter((line) => line.startsWith(`${family} `))
      .map((line) => line.slice(family.length).trim().split(/ {2,}/));
    assert.deepEqual(found.map(([title]) => title), shaders.map(({ title }) => title));
    for (const [i, [title, ...figures]] of found.entries()) {
      const [registers, spilled, , share] = figures.map((figure) => parseInt(figure)) as number[];
      const code = { registers: registers!, spilled: spilled!, share: share! };
      assert.ok(isWithinBounds(code, shaders[i]!.perNumber), `${family}, ${title}: ${figures}`);
    }
  }
});
