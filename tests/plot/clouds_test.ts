import assert from "node:assert/strict";
import { circles, type Cloud, paintClouds } from "../../src/plot/drawing/_clouds.ts";
import { rasterize } from "../../src/plot/drawing/_raster.ts";
import { svgDocument } from "../../src/plot/drawing/_svg.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { fillUniform } from "../../src/core/random/random.ts";

const SIDE = 60, ZOOM = 2, area = { x: 0, y: 0, width: SIDE, height: SIDE };

function painted(cloud: Cloud): Uint8Array {
  const pixels = new Uint8Array(4 * (ZOOM * SIDE) ** 2).fill(255);
  paintClouds({ width: ZOOM * SIDE, height: ZOOM * SIDE, pixels }, [cloud], ZOOM);
  return pixels;
}

Deno.test("paintClouds() gives the picture that the rasteriser gives of circles", async () => {
  for (const [radius, opacity] of [[0.9, 0.12], [2.4, 0.5], [3, 0.85]] as const) {
    const unit = fillUniform({ seed: 0, stream: 255 }, 0, new Float64Array(2 * 150));
    const cloud: Cloud = {
      ...{ area, radius, opacity },
      centres: unit.map((value) => 4 + (SIDE - 8) * value),
      color: (row) => row % 2 === 0 ? "#2271b5" : "#e06c00",
    };
    const png = await rasterize(svgDocument(SIDE, SIDE, [circles(cloud)]), {});
    const expected = decodePng(png).pixels, found = painted(cloud);
    const errors = found.map((value, i) => Math.abs(value - expected[i]!));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    // Places are rounded to an eighth of a pixel, and edges are smoothed in steps of 1/64 or 1/16.
    assert.ok(mean < 0.8, `radius ${radius}: mean difference ${mean}`);
    assert.ok(Math.max(...errors) < 64, `radius ${radius}: ${Math.max(...errors)}`);
  }
});

Deno.test("paintClouds() cuts dots off at the edges of their panel and of the picture", () => {
  const panel = { x: 10, y: 10, width: 20, height: 20 };
  const centres = Float64Array.of(10, 20, 30, 20, 20, 10, 20, 30, -5, -5, 1e9, 0, 20, 20);
  const pixels = painted({ area: panel, centres, radius: 4, opacity: 1, color: "#000000" });
  let inside = 0;
  for (let y = 0; y < ZOOM * SIDE; y++) {
    for (let x = 0; x < ZOOM * SIDE; x++) {
      if (pixels[4 * (y * ZOOM * SIDE + x)] === 255) continue;
      inside++;
      assert.ok(x >= 20 && x < 60 && y >= 20 && y < 60, `pixel ${x}, ${y}`);
    }
  }
  assert.ok(inside > 400, `${inside} pixels`);
});
