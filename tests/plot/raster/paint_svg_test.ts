import assert from "node:assert/strict";
import { interRegular } from "../../../src/plot/drawing/_raster_fonts.ts";
import { element, pngAddress, svgDocument } from "../../../src/plot/drawing/_svg.ts";
import { encodePng } from "../../../src/core/png/encode_png.ts";
import { pixelAt } from "../../../src/plot/raster/canvas.ts";
import { paintSvg } from "../../../src/plot/raster/paint_svg.ts";
import { readFont } from "../../../src/plot/raster/truetype.ts";

const font = readFont(interRegular);

/** The colour of a pixel of a drawing of 10 x 8 units, 2 pixels each. */
function painted(...body: string[]): (x: number, y: number) => string {
  const canvas = paintSvg(svgDocument(9.5, 8, body), { zoom: 2, fontOf: () => font });
  assert.deepEqual([canvas.width, canvas.height], [20, 16]);
  return (x, y) =>
    canvas.rows.subarray(pixelAt(canvas, x, y), pixelAt(canvas, x + 1, y))
      .reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "#");
}

Deno.test("paintSvg() paints in order, on white, with what groups say", () => {
  const at = painted(
    element("rect", { x: 1, y: 1, width: 4, height: 4, fill: "#204060" }),
    element("g", { fill: "rgb(255, 0, 0)", "fill-opacity": 0.5 }, [
      element("rect", { x: 3, y: 3, width: 4, height: 4 }),
      '<circle cx="8" cy="2" r="1"/>',
    ]),
    element("rect", { x: 8, y: 5, width: 1, height: 1 }),
  );
  assert.equal(at(3, 3), "#204060");
  assert.equal(at(7, 7), "#902030");
  assert.equal(at(12, 12), "#ff8080");
  assert.equal(at(15, 3), "#ff8080");
  assert.equal(at(17, 11), "#000000");
  assert.equal(at(0, 0), "#ffffff");
});

Deno.test("paintSvg() cuts a group off at its clip path, and draws frames and rings", () => {
  const clip = element("clipPath", { id: "a" }, [
    element("rect", { x: 2, y: 2, width: 2, height: 2 }),
  ]);
  const line = element("line", { x1: 0, y1: 3, x2: 10, y2: 3, stroke: "#0000ff" });
  const at = painted(
    clip,
    element("g", { "clip-path": "url(#a)" }, [line]),
    element("rect", { x: 6, y: 1, width: 3, height: 3, fill: "none", stroke: "#00ff00" }),
    element("circle", {
      cx: 7.5,
      cy: 6,
      r: 1,
      fill: "none",
      stroke: "#ff0000",
      "stroke-width": 1,
    }),
  );
  assert.equal(at(3, 6), "#ffffff");
  assert.equal(at(4, 6), "#0000ff");
  assert.equal(at(8, 6), "#ffffff");
  assert.equal(at(12, 4), "#00ff00");
  assert.equal(at(15, 5), "#ffffff");
  assert.match(at(15, 9), /^#ff0/);
  assert.equal(at(15, 15), "#ffffff");
});

Deno.test("paintSvg() draws images by squares or with gradients", () => {
  const pixels = Uint8Array.of(0, 0, 0, 200, 100, 0);
  const href = pngAddress(encodePng(pixels, { width: 2, height: 1 }));
  const place = { x: 1, y: 1, width: 4, height: 2, href };
  const squares = painted(element("image", { ...place, "image-rendering": "optimizeSpeed" }));
  assert.deepEqual([squares(5, 4), squares(6, 4)], ["#000000", "#c86400"]);
  const smooth = painted(element("image", { ...place, "image-rendering": "optimizeQuality" }));
  assert.deepEqual([smooth(2, 3), smooth(5, 3), smooth(9, 3)], ["#000000", "#4b2600", "#c86400"]);
  assert.equal(smooth(10, 3), "#ffffff");
});

Deno.test("paintSvg() refuses what it does not know", () => {
  assert.throws(() => painted(element("ellipse", {})), /ellipse/);
  assert.throws(() => painted(element("rect", { width: 1, height: 1, fill: "red" })), /"red"/);
  assert.throws(() => painted(element("path", { d: "M0 0C1 1 2 2 3 3" })), /path data with C/);
  assert.throws(() => painted(element("g", { "clip-path": "url(#b)" })), /clip path b/);
});
