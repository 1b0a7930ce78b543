import assert from "node:assert/strict";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { cutOut } from "../../src/plot/drawing/_chart.ts";
import { rendered } from "../../src/plot/drawing/_render.ts";
import { element, svgDocument } from "../../src/plot/drawing/_svg.ts";

const area = { x: 8, y: 4, width: 16, height: 20 };
const everywhere = element("rect", { x: -9, y: -9, width: 90, height: 90, fill: "#ff0000" });

/** The red pixels of a picture, as numbers from its upper left corner. */
async function red(drawn: string): Promise<number[]> {
  const { width, height, pixels } = decodePng(await rendered(svgDocument(40, 32, [drawn]), {}));
  return Array.from({ length: width * height }, (_, i) => i).filter((i) => pixels[4 * i + 1] === 0);
}

Deno.test("cutOut() leaves of a PNG file's content what a clip leaves", async () => {
  const kept = await red(cutOut(area, everywhere, {}));
  assert.equal(kept.length, 4 * area.width * area.height);
  assert.deepEqual(kept, await red(cutOut(area, everywhere, { format: "svg" })));
});

Deno.test("cutOut() covers no more than it is told to", async () => {
  const kept = await red(cutOut(area, everywhere, { reach: 2 }));
  const framed = 4 * ((area.width + 4) * (area.height + 4) - area.width * area.height);
  assert.equal(kept.length, 4 * 40 * 32 - framed);
});
