// What a small run on points takes: no tensor library, and pictures that leave nothing behind.
import assert from "node:assert/strict";
import { v8Flags } from "../../tools/v8_flags.ts";
import { inFolder } from "./_fluxion.ts";
import { watched } from "./_peak_memory.ts";

for (const [model, steps] of [["fm", "200"], ["cnf", "20"]] as const) {
  Deno.test(`train ${model} on points with its pictures stays below 238 MiB`, () =>
    inFolder(async (folder) => {
      const args = ["train", model, "--data", "moons", "--hidden", "8", "--steps", steps];
      const options = ["--batch-size", "64", "--run", "r", "--quiet"];
      const { code, stderr, peak } = await watched(
        folder,
        [...args, ...options],
        v8Flags(Deno.build.arch),
      );
      assert.equal(code, 0, stderr);
      const pictures = [
        ...Deno.readDirSync(`${folder}/r/samples`),
        ...Deno.readDirSync(`${folder}/r`),
      ]
        .filter(({ name }) => name.endsWith(".png"));
      assert.equal(pictures.length, 2);
      // 205 to 224 MiB, of which V8 takes 50 to optimise the rasteriser's code; 50 more with tfjs, and
      // 40 with several copies of the rasteriser's module.
      assert.ok(peak < 238, `${peak} MiB`);
    }));
}
