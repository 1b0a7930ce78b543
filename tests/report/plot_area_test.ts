import assert from "node:assert/strict";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { encodePng } from "../../src/core/png/encode_png.ts";
import { scatterPlot } from "../../src/plot/scatter_plot.ts";
import { plotArea } from "../../src/report/pictures/plot_area.ts";

Deno.test("plotArea() cuts a scatter plot to the area inside its axes", async () => {
  const png = await scatterPlot([0, 0, 1, 0, 0, 1, 1, 1], { title: "A title" });
  const whole = decodePng(png), cut = decodePng(plotArea(png));
  // 560 units with two pixels each, and as tall as wide: the points are the corners of a square.
  assert.ok(Math.abs(cut.width - 1120) <= 4, `${cut.width}`);
  assert.ok(Math.abs(cut.height - 1120) <= 4, `${cut.height}`);
  assert.ok(cut.width < whole.width && cut.height < whole.height);
  // Neither text nor axis remains: dark pixels are dots, which are blue.
  for (let i = 0; i < cut.pixels.length; i += 4) {
    const [red, , blue] = cut.pixels.subarray(i, i + 3);
    if (red! < 150) assert.ok(blue! > red!, `pixel ${i / 4}`);
  }
  const blank = encodePng(new Uint8Array(40 * 30).fill(255), { width: 40, height: 30 });
  assert.equal(plotArea(blank), blank);
});
