import assert from "node:assert/strict";
import { timeColor } from "../../src/plot/drawing/_palette.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { snapshotsPlot, trajectoryPlot } from "../../src/plot/trajectory_plot.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { centroid, near, rgb } from "./_picture.ts";

/** Positions of a path's start and end in the panel, excluding legend and colour bar. */
async function endsOf(states: number[][], times: number[]) {
  const picture = decodePng(await trajectoryPlot({ states, times }));
  return [0, 1].map((share) =>
    centroid(
      picture,
      (color, x, y) =>
        y > 0.1 * picture.height && x < 0.85 * picture.width &&
        near(color, rgb(timeColor(share)), 25),
    )
  );
}

Deno.test("trajectoryPlot() runs from the noise's colour to the sample's", async () => {
  for (const times of [[0, 0.5, 1], [1, 0.5, 0]]) {
    const [start, end] = await endsOf([[0, 0], [1, 0.5], [2, 1]], times);
    assert.ok(start!.count > 4 && end!.count > 4);
    assert.ok(start!.x < end!.x - 200 && start!.y > end!.y + 100, JSON.stringify([start, end]));
  }
});

Deno.test("snapshotsPlot() has one panel per time, the last as tight as the last cloud", async () => {
  const noise = fillNormal({ seed: 0, stream: 4 }, 0, new Float32Array(1000));
  const states = [1, 0.6, 0.3, 0.1].map((width) => noise.map((value) => value * width));
  const paths = { states, times: [0, 0.4, 0.7, 1] };
  const bytes = await snapshotsPlot(paths, { title: "From noise to data" });
  const picture = decodePng(bytes);
  const last = centroid(
    picture,
    ([r, g, b], x, y) =>
      y > 0.3 * picture.height && x > 0.75 * picture.width && b > g + 60 && b > r,
  );
  const first = centroid(
    picture,
    ([r, g, b], x, y) =>
      y > 0.3 * picture.height && x < 0.25 * picture.width && r > b + 60 && g > b,
  );
  assert.ok(last.count > 50 && first.count > 5 * last.count, `${first.count}, ${last.count}`);
  assert.deepEqual(await snapshotsPlot(paths, { title: "From noise to data" }), bytes);
});

for (const plot of [trajectoryPlot, snapshotsPlot]) {
  Deno.test(`${plot.name}() refuses states that do not match`, () => {
    assert.throws(() => plot({ states: [[0, 0]], times: [0] }), /2 or more states/);
    assert.throws(() => plot({ states: [[0, 0], [1, 1]], times: [0] }), /got 2 and 1/);
    assert.throws(() => plot({ states: [[0, 0], [1, 1, 2, 2]], times: [0, 1] }), /of 1 points/);
    assert.throws(() => plot({ states: [[0, 0], [1, NaN]], times: [0, 1] }), /not finite/);
  });
}
