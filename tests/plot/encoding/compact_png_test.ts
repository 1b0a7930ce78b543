import assert from "node:assert/strict";
import { compactPng } from "../../../src/plot/encoding/compact_png.ts";
import { decodePng } from "../../../src/core/png/decode_png.ts";
import { encodePng } from "../../../src/core/png/encode_png.ts";
import { trajectoryPlot } from "../../../src/plot/trajectory_plot.ts";

/** A chart with many hues: lines coloured by time, and a colour bar. */
async function chart(): Promise<Uint8Array> {
  const states = Array.from(
    { length: 30 },
    (_, k) => Float32Array.from({ length: 80 }, (_, i) => Math.sin(i + k / 7) + i % 5),
  );
  return await trajectoryPlot({ states, times: states.map((_, k) => k / 29) }, {
    text: { Command: "fluxion plot runs/a" },
  });
}

Deno.test("compactPng() of a chart is at most half as large and looks the same", async () => {
  const png = await chart();
  const small = compactPng(png);
  assert.ok(small.length < png.length / 2, `${small.length} of ${png.length} bytes`);
  const before = decodePng(png), after = decodePng(small);
  assert.deepEqual([after.width, after.height], [before.width, before.height]);
  assert.deepEqual(after.text, { Command: "fluxion plot runs/a" });
  let squared = 0, paper = 0;
  for (let i = 0; i < before.pixels.length; i += 4) {
    const isPaper = before.pixels[i] === 255 && before.pixels[i + 1] === 255 &&
      before.pixels[i + 2] === 255;
    for (let k = 0; k < 3; k++) {
      squared += (before.pixels[i + k]! - after.pixels[i + k]!) ** 2;
      if (isPaper && after.pixels[i + k] !== 255) paper++;
    }
  }
  assert.equal(paper, 0, "white paper stays white");
  // 128 colours for a chart with a thousand: indistinguishable above about 40 dB.
  const decibels = 10 * Math.log10(255 ** 2 / (squared / (0.75 * before.pixels.length)));
  assert.ok(decibels > 40, `${decibels} dB`);
});

Deno.test("compactPng() is lossless for a grey picture", () => {
  const pixels = Uint8Array.from({ length: 40 * 30 }, (_, i) => (i * 37) % 256);
  const png = encodePng(pixels, { width: 40, height: 30, text: { Command: "a" } });
  const decoded = decodePng(compactPng(png));
  assert.deepEqual(decoded.text, { Command: "a" });
  assert.deepEqual(Uint8Array.from(pixels, (_, i) => decoded.pixels[4 * i]!), pixels);
});

Deno.test("compactPng() shrinks by an integer factor, averaging pixels", () => {
  const pixels = new Uint8Array(8 * 4);
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 8; x++) pixels[y * 8 + x] = x < 4 ? 100 : (x + y) % 2 === 0 ? 0 : 200;
  }
  const decoded = decodePng(
    compactPng(encodePng(pixels, { width: 8, height: 4 }), { maxWidth: 5 }),
  );
  assert.deepEqual([decoded.width, decoded.height], [4, 2]);
  assert.deepEqual(
    Array.from({ length: 8 }, (_, i) => decoded.pixels[4 * i]),
    Array(8).fill(100),
  );
});
