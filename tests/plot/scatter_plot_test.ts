import assert from "node:assert/strict";
import { accent, classColors } from "../../src/plot/drawing/_palette.ts";
import { histogram, histogramPlot } from "../../src/plot/histogram_plot.ts";
import { pointsPlot } from "../../src/plot/points_plot.ts";
import { scatterPlot } from "../../src/plot/scatter_plot.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { centroid, difference, near, rgb } from "./_picture.ts";
import fc from "fast-check";

const bounds = { xMin: -2, xMax: 4, yMin: -1, yMax: 3 };
/** Pixel position of a point: the difference from a picture without the point. */
async function place(x: number, y: number) {
  const far = await scatterPlot([100, 100], { bounds });
  return difference(await scatterPlot([x, y], { bounds }), far);
}

Deno.test("scatterPlot() draws points to scale, y upwards, with equal axis scales", async () => {
  const origin = await place(0, 0), right = await place(1, 0), up = await place(0, 1);
  const unit = right.x - origin.x;
  assert.ok(unit > 100, `${unit} pixels`);
  // A dot's centroid is accurate to a tenth of a pixel; both axes are rounded to whole units.
  assert.ok(Math.abs(right.y - origin.y) < 0.2 && Math.abs(up.x - origin.x) < 0.2);
  assert.ok(Math.abs(origin.y - up.y - unit) < 0.2, `${origin.y - up.y} ${unit}`);
  const elsewhere = await place(3.3, -0.4);
  assert.ok(Math.abs(elsewhere.x - origin.x - 3.3 * unit) < 0.5);
  assert.ok(Math.abs(elsewhere.y - origin.y - 0.4 * unit) < 0.5);
});

Deno.test("scatterPlot() shows the density of points by opacity", async () => {
  const n = 4000;
  const points = fillNormal({ seed: 0, stream: 2 }, 0, new Float32Array(2 * n));
  const { pixels, width, height } = decodePng(await scatterPlot(points));
  const blueness = (x0: number, x1: number) => {
    let sum = 0;
    const y = Math.round(height * 0.55);
    for (let row = y - 20; row < y + 20; row++) {
      for (let x = Math.round(x0 * width); x < x1 * width; x++) {
        sum += 255 - pixels[4 * (row * width + x)]!;
      }
    }
    return sum;
  };
  assert.ok(blueness(0.5, 0.6) > 4 * blueness(0.85, 0.95));
});

Deno.test("scatterPlot() draws each class in its legend colour", async () => {
  const marks = async (labels: number[]) => {
    const picture = decodePng(await scatterPlot([0, 0, 1, 0], { labels }));
    const below = picture.height * 0.3;
    return [0, 1].map((c) =>
      centroid(picture, (color, _, y) => y > below && near(color, rgb(classColors[c]!), 40))
    );
  };
  const [zero, one] = await marks([0, 1]);
  assert.ok(zero!.count > 4 && one!.count > 4 && zero!.x < one!.x - 100);
  const [swappedZero, swappedOne] = await marks([1, 0]);
  assert.ok(swappedZero!.x > swappedOne!.x + 100);
});

Deno.test("scatterPlot() draws a reference in a second panel, or grey behind the points", async () => {
  const points = [0, 0, 1, 1];
  const reference = { points: [0.5, 0.2], label: "data" };
  const alone = decodePng(await scatterPlot(points));
  const beside = decodePng(
    await scatterPlot(points, { reference: { ...reference, place: "beside" } }),
  );
  const behind = decodePng(
    await scatterPlot(points, { reference: { ...reference, place: "behind" } }),
  );
  assert.equal(behind.width, alone.width);
  assert.ok(beside.width > 1.6 * alone.width);
  const orange = centroid(
    beside,
    (color, _, y) => y > beside.height * 0.2 && near(color, rgb(accent.orange), 40),
  );
  assert.ok(orange.count > 4 && orange.x > beside.width / 2);
});

Deno.test("scatterPlot() is deterministic and embeds its text, whatever the title", async () => {
  const options = {
    title: `<&"'> \u0007 月`,
    subtitle: "a < b",
    text: { Command: "fluxion plot" },
  };
  const first = await scatterPlot([0, 0, 1, 1], options);
  assert.deepEqual(await scatterPlot([0, 0, 1, 1], options), first);
  assert.equal(decodePng(first).text.Command, "fluxion plot");
});

Deno.test("scatterPlot() refuses invalid points, and labels that do not match", () => {
  const cases = [
    [() => scatterPlot([]), /n >= 1, got 0/],
    [() => scatterPlot([1, 2, 3]), /got 3 numbers/],
    [() => scatterPlot([0, 0, NaN, 1]), /row 1 is not finite/],
    [() => scatterPlot([0, 0], { labels: [0, 1] }), /1 labels, one per point, got 2/],
    [() => scatterPlot([0, 0], { labels: [12] }), /from 0 to 9, got 12/],
  ] as const;
  for (const [draw, message] of cases) assert.throws(draw, { name: "RangeError", message });
});

Deno.test("pointsPlot() supports every number of dimensions", async () => {
  for (const dims of [1, 2, 3, 4, 7]) {
    const points = fillNormal({ seed: dims, stream: 2 }, 0, new Float32Array(200 * dims));
    const bytes = await pointsPlot(points, { dims, labels: new Uint8Array(200) });
    const picture = decodePng(bytes);
    const blue = centroid(picture, ([r, , b]) => b > r + 30);
    assert.ok(blue.count > 1000, `${dims}: ${blue.count} blue pixels`);
    assert.deepEqual(await pointsPlot(points, { dims, labels: new Uint8Array(200) }), bytes);
  }
});

Deno.test("histogram() has area 1 and at most 80 bins, for any values", () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (values) => {
    const { binWidth, density } = histogram(values);
    const area = density.reduce((sum, height) => sum + height * binWidth, 0);
    assert.ok(Math.abs(area - 1) < 1e-9 && density.length <= 80, `${area}, ${density.length}`);
  }));
});

Deno.test("histogramPlot() draws the line of a density over the bars", async () => {
  const values = fillNormal({ seed: 0, stream: 2 }, 0, new Float32Array(500));
  const x = [-3, 0, 3], density = { x, density: [0.3, 0.3, 0.3], label: "flat" };
  const picture = decodePng(await histogramPlot(values, { density }));
  const orange = centroid(
    picture,
    (color, _, y) => y > picture.height * 0.2 && near(color, rgb(accent.orange), 30),
  );
  // A horizontal line, three pixels high and most of the panel wide.
  assert.ok(orange.count > 2000, `${orange.count}`);
  const off = centroid(
    picture,
    (color, _, y) =>
      y > picture.height * 0.2 && near(color, rgb(accent.orange), 30) && Math.abs(y - orange.y) > 4,
  );
  assert.equal(off.count, 0);
});

Deno.test("pointsPlot() draws one point, equal points, tiny and huge ones, collinear points", async () => {
  const clouds = [[3], [2, 2], [0, 5e-324], [1e6, 1e6 + 1e-9], [-1e30, 1e30], [1e-7, 3e-7]];
  for (const values of clouds) {
    for (const dims of [1, 2, 3]) {
      // All coordinates equal: a diagonal line; all but the first zero: a horizontal one.
      const diagonal = values.flatMap((value) => new Array<number>(dims).fill(value));
      const level = values.flatMap((value) => [value, ...new Array<number>(dims - 1).fill(0)]);
      for (const points of [diagonal, level]) {
        const picture = decodePng(await pointsPlot(points, { dims }));
        const blue = centroid(picture, ([r, , b], _, y) => y > 0.2 * picture.height && b > r + 60);
        assert.ok(blue.count > 4, `${dims}: ${values}`);
      }
    }
  }
});
