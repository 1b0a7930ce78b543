import assert from "node:assert/strict";
import { classColors } from "../../src/plot/drawing/_palette.ts";
import { type Panel, type PanelSeries, panelsPlot } from "../../src/plot/panels_plot.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { centroid, near, rgb } from "./_picture.ts";

const line = (series: Partial<PanelSeries> & Pick<PanelSeries, "x" | "y">): PanelSeries => ({
  color: 0,
  mark: "line",
  ...series,
});

const panel = (...series: PanelSeries[]): Panel => ({
  x: { label: "t" },
  y: { label: "value" },
  series,
});

/** Extent in pixels of one of the ten colours. */
async function extent(panels: readonly Panel[], color = 0) {
  const picture = decodePng(await panelsPlot(panels));
  let [left, right, top, bottom, count] = [Infinity, -Infinity, Infinity, -Infinity, 0];
  centroid(picture, (pixel, x, y) => {
    if (!near(pixel, rgb(classColors[color]!), 6)) return false;
    [left, right, top, bottom] = [
      Math.min(left, x),
      Math.max(right, x),
      Math.min(top, y),
      Math.max(bottom, y),
    ];
    count++;
    return true;
  });
  return { left, right, top, bottom, width: right - left, height: bottom - top, count, picture };
}

/** Vertical pixel position of a single dot per value, on the same axis. */
function dotHeights(values: readonly number[], scale: "linear" | "log") {
  const range = [values[0]! / 2, values.at(-1)! * 2] as const;
  return Promise.all(values.map(async (value) => {
    const shown = {
      ...panel(line({ mark: "dots", x: [1], y: [value] })),
      y: { label: "v", scale, range },
    };
    const { top, bottom } = await extent([shown]);
    return (top + bottom) / 2;
  }));
}

Deno.test("panelsPlot() spaces equal ratios evenly on a log axis, equal differences on a linear one", async () => {
  const [one, ten, hundred] = await dotHeights([1, 10, 100], "log");
  assert.ok(one! > ten! + 100);
  assert.ok(Math.abs((one! - ten!) - (ten! - hundred!)) < 2);
  const [a, b, c] = await dotHeights([1, 10, 100], "linear");
  assert.ok(Math.abs((b! - c!) / (a! - b!) - 10) < 1);
});

Deno.test("panelsPlot() draws error bars to scale", async () => {
  const shown = (yError: number[]) => ({
    ...panel(line({ mark: "dots", x: [0, 1, 2], y: [0, 0, 0], yError })),
    y: { label: "v", range: [-10, 10] as const },
  });
  const [long, short] = [await extent([shown([8, 0, 0])]), await extent([shown([4, 0, 0])])];
  assert.ok(Math.abs(long.height / short.height - 2) < 0.05, `${long.height} ${short.height}`);
});

Deno.test("panelsPlot() leaves a gap at a non-finite value, or a non-positive one on a log axis", async () => {
  const x = [0, 1, 2, 3, 4, 5, 6, 7];
  const whole = await extent([panel(line({ x, y: x.map(() => 2) }))]);
  for (const [hole, scale] of [[NaN, "linear"], [Infinity, "linear"], [-1, "log"]] as const) {
    const y = x.map((at) => at === 3 || at === 4 ? hole : 2);
    const shown = { ...panel(line({ x, y })), y: { label: "v", scale } };
    const { count, left, right } = await extent([shown]);
    // Three of seven intervals have a missing end.
    assert.ok(Math.abs(count / whole.count - 4 / 7) < 0.03, `${hole}: ${count / whole.count}`);
    assert.deepEqual([left, right], [whole.left, whole.right]);
  }
});

Deno.test("panelsPlot() places the legend above the data without covering it", async () => {
  const x = [0, 1, 2], y = [0, 1, 0];
  const bare = await extent([panel(line({ mark: "dots", x, y }))]);
  const named = await extent([
    panel(
      line({ mark: "dots", x, y, label: "measured" }),
      line({ x: [], y: [], color: 1, label: "more" }),
    ),
  ]);
  const LEGEND = 58; // height of one line at two pixels per unit
  assert.equal(named.picture.height, bare.picture.height + LEGEND);
  assert.equal(named.bottom, bare.bottom + LEGEND);
  // Only the legend's dot is above.
  assert.ok(named.top < bare.top + LEGEND - 20);
});

Deno.test("panelsPlot() draws equal axis scales on request", async () => {
  const angles = Array.from({ length: 200 }, (_, i) => i / 199 * 2 * Math.PI);
  const circle = panel(line({ x: angles.map(Math.cos), y: angles.map((a) => 3 + Math.sin(a)) }));
  const round = await extent([{ ...circle, equalAspect: true }]);
  assert.ok(Math.abs(round.width - round.height) <= 2, `${round.width} x ${round.height}`);
  const flat = await extent([circle]);
  assert.ok(flat.width > 1.3 * flat.height);
});

Deno.test("panelsPlot() draws bars and steps to scale, from zero", async () => {
  const shown = (y: number[], mark: "bars" | "steps") =>
    extent([{
      ...panel(line({ mark, x: [0, 1, 2], y, opacity: 1 })),
      y: { label: "v", range: [0, 10] as const },
    }]);
  const [high, low] = [await shown([8, 8, 8], "bars"), await shown([4, 4, 4], "bars")];
  assert.equal(high.bottom, low.bottom);
  assert.ok(Math.abs(high.height / low.height - 2) < 0.02);
  assert.ok(Math.abs(high.count / low.count - 2) < 0.02);
  // An outline has the same corners as the bars.
  const stairs = await shown([8, 8, 8], "steps");
  assert.ok(Math.abs(stairs.left - high.left) <= 2 && Math.abs(stairs.right - high.right) <= 2);
});

Deno.test("panelsPlot() fills an area between its two edges", async () => {
  const x = [0, 0.5, 1];
  const shown = (low: number[] | undefined) =>
    extent([{
      ...panel(line({ mark: "area", x, y: [4, 4, 4], low, opacity: 1 })),
      y: { label: "v", range: [0, 8] as const },
    }]);
  const [whole, band] = [await shown(undefined), await shown([2, 2, 2])];
  assert.ok(Math.abs(whole.height / band.height - 2) < 0.02);
});

Deno.test("panelsPlot() accepts one point, a constant, nothing finite, no series, thirty decades", async () => {
  const panels: Panel[] = [
    { ...panel(line({ mark: "dots", x: [3], y: [5] })), equalAspect: true },
    { ...panel(line({ x: [1, 2], y: [1e-7, 1e-7] })), y: { label: "loss", scale: "log" } },
    panel(line({ x: [1, 2], y: [NaN, -Infinity] })),
    panel(),
    { ...panel(line({ mark: "bars", x: [1, 1e30], y: [1, 2] })), x: { label: "N", scale: "log" } },
    panel(line({ mark: "steps", x: [4], y: [1] })),
  ];
  for (const one of panels) {
    const { width, height } = decodePng(await panelsPlot([one]));
    assert.ok(width > 1000 && height > 500);
  }
  const grid = decodePng(await panelsPlot(panels, { columns: 3 }));
  const pair = decodePng(await panelsPlot(panels.slice(0, 2)));
  assert.ok(grid.width > pair.width && grid.height > 1.4 * pair.height);
});

Deno.test("panelsPlot() is deterministic and embeds its text", async () => {
  const panels = [panel(line({ x: [0, 1], y: [0, 1], label: "ρ = −1" })), panel()];
  const options = { title: "Two", text: { Command: "fluxion theory kfp" } };
  const bytes = await panelsPlot(panels, options);
  assert.deepEqual(await panelsPlot(panels, options), bytes);
  assert.equal(decodePng(bytes).text.Command, "fluxion theory kfp");
});

Deno.test("panelsPlot() refuses invalid panels, and names the panel", () => {
  const fine = panel(line({ x: [1, 2], y: [1, 2] }));
  const wrong: [readonly Panel[], RegExp][] = [
    [[], /at least 1 panel/],
    [[fine, panel(line({ x: [1, 2], y: [1] }))], /panel 2, series 1: 2 x, but 1,2,2/],
    [
      [{ ...fine, title: "Loss", y: { label: "v", range: [2, 1] } }],
      /panel 1 "Loss": no range.*"v"/,
    ],
    [[{ ...fine, y: { label: "v", scale: "log", range: [0, 1] } }], /no range for the log axis/],
    [[{ ...fine, equalAspect: true, x: { label: "N", scale: "log" } }], /"N" is logarithmic/],
    [[panel(line({ x: [1], y: [1], color: 10 }))], /a colour 0-9, got 10/],
  ];
  for (const [panels, words] of wrong) assert.throws(() => panelsPlot(panels), words);
  assert.throws(() => panelsPlot([fine], { columns: 1.5 }), /whole number of columns, got 1.5/);
});
