import assert from "node:assert/strict";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { encodePng } from "../../src/core/png/encode_png.ts";
import { readNpy } from "../../src/data/formats/npy.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

/** A square on black, red or blue: [8, 8, 3]. */
function square(i: number): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(192), at = i % 4;
  for (let p = 0; p < 64; p++) {
    const inside = p % 8 - at >= 0 && p % 8 - at < 4 && p >> 3 > 1 && p >> 3 < 6;
    if (inside) pixels[3 * p + (i % 2 ? 0 : 2)] = 200 + i % 50;
  }
  return new Uint8Array(encodePng(pixels, { width: 8, height: 8 }));
}

Deno.test("a folder of pictures in colour is trained on, sampled, evaluated and drawn", () =>
  inFolder(async (folder) => {
    const run = async (...args: string[]) => {
      const outcome = await fluxion(args, { cwd: folder });
      assert.equal(outcome.code, 0, `fluxion ${args.join(" ")}: ${outcome.stderr}`);
      return outcome;
    };
    await Deno.mkdir(`${folder}/my pictures/ü`, { recursive: true });
    for (let i = 0; i < 40; i++) {
      await Deno.writeFile(`${folder}/my pictures/ü/${i}.png`, square(i));
    }
    const onCpu = ["--backend", "cpu", "--threads", "1"];
    const fast = ["--solver", "euler", "--solver-steps", "4", ...onCpu];
    const short = ["--filters", "4", "--batch-size", "8", "--sample-every", "0"];
    const train = ["train", "fm", "--data", "my pictures/ü/", ...short, ...onCpu];
    const { stdout, stderr } = await run(...train, "--steps", "6");
    const name = stdout.trim();
    assert.match(name, /^runs\/fm-/);
    assert.match(stderr, /ü"?: 40 images of 8 x 8 x 3 \(32 train, 8 test\), values from 0 to 239/);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/${name}/config.json`));
    assert.deepEqual([config.binarize, config.network.channels], [false, 3]);

    // The same pictures elsewhere are the same data.
    await Deno.rename(`${folder}/my pictures/ü`, `${folder}/moved`);
    const more = ["--data", "moved", "--steps", "8", ...onCpu];
    await run("train", "fm", "--resume", "--run", name, ...more);
    await run("sample", name, "--n", "5", "--out", "s.npy", ...fast);
    const { shape } = readNpy(await Deno.readFile(`${folder}/s.npy`), "s.npy");
    assert.deepEqual(shape, [5, 3, 8, 8]);
    await run("sample", name, "--n", "4", "--out", "s.png", ...fast);
    const { pixels } = decodePng(await Deno.readFile(`${folder}/s.png`));
    assert.ok(pixels.some((value, i) => i % 4 === 0 && value !== pixels[i + 1]), "in colour");

    const bits = await run("log-prob", name, "--points", "moved", "--bits-per-dim", ...fast);
    const values = bits.stdout.trim().split("\n").map(Number);
    assert.ok(values.length === 40 && values.every((value) => value > 0 && value < 40));
    assert.match(bits.stderr, /^moved: 40 images of 8 x 8 x 3, values from 0 to 239, read as 0/m);
    const grey = new Uint8Array(encodePng(new Uint8Array(64).fill(9), { width: 8, height: 8 }));
    await Deno.mkdir(`${folder}/grey`);
    await Deno.writeFile(`${folder}/grey/0.png`, grey);
    const evaluated = await run("eval", name, "--data", "grey", ...onCpu);
    assert.equal(JSON.parse(evaluated.stdout).n, 1);
    assert.match(evaluated.stderr, /grey: 1 image of 8 x 8 x 3, all of which are evaluated, value/);
    const pictures = (await run("plot", name, ...onCpu)).stdout.trim().split("\n");
    for (const path of pictures) decodePng(await Deno.readFile(`${folder}/${path}`));
    await run("data", "preview", "moved/");
    assert.ok(decodePng(await Deno.readFile(`${folder}/moved.png`)).width > 80);
  }));
