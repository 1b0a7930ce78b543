import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import {
  recordFilterGradient,
  recordGather,
} from "../../../src/backends/gpu/convolution/products.ts";
import { geometryOf } from "../../../src/ops/convolution/geometry.ts";
import {
  gpuTile,
  softwareTiles,
  type TileChoice,
} from "../../../src/ops/convolution/gpu/tile_wgsl.ts";
import { withBrowserGpu } from "../../ode/engines/gpu/browser_gpu.ts";
import { backendTest } from "../../support/backends.ts";
import { errorOf, numbers } from "../_builds.ts";
import { attributes, type Case, definition } from "./_definition.ts";

/** The GPU's tile of 64 x 64 and channels in quads, then single channels; unrolled it compiles for minutes there. */
const given: readonly (readonly [TileChoice, Case])[] = [
  [() => ({ ...gpuTile, isUnrolled: false }), {
    input: [3, 6, 5, 20],
    filter: [3, 3, 20, 68],
    stride: 1,
    pad: "same",
  }],
  [softwareTiles, { input: [2, 7, 5, 3], filter: [3, 3, 3, 5], stride: 2, pad: "same" }],
];

// A second implementation of WGSL (Tint; the others are compiled by naga), which proves that barriers are in
// uniform control flow.
backendTest("the GPU's convolutions run in Chromium as they are defined", ["cpu"], async () => {
  await withBrowserGpu(async (browser) => {
    for (const [tiles, one] of given) {
      const { x, filterValues, dy, dyShape, y, dx, dw } = definition(one);
      const geometry = geometryOf("test", one.input, one.filter, attributes(one) as never);
      const [n, , , cout] = dyShape, image = y.length / n;
      const offsets = numbers(n * cout, 0.4), added = numbers(y.length, 1.9);
      const mask = numbers(x.length, 2.9);
      const device = { gpu: browser.asGpu, tiles };
      const inputs = [
        ...[tf.tensor4d(x, one.input), tf.tensor4d(filterValues, one.filter)],
        ...[tf.tensor4d(dy, dyShape), tf.tensor2d(offsets, [n, cout])],
        ...[tf.tensor4d(added, dyShape), tf.tensor4d(mask, one.input)],
      ] as const;
      const [images, filter, cotangent, bias, residual, positive] = inputs;
      const outputs = [dyShape, one.input, one.filter, [cout]].map((shape) =>
        browser.tensor(shape)
      ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [value, ofImages, dFilter, dBias] = outputs;
      recordGather(device, {
        ...{ kind: "values", geometry, source: images, filter, out: value },
        epilogue: { bias, residual, activation: "relu" },
      });
      recordGather(device, {
        ...{ kind: "inputGradient", geometry, source: cotangent, filter, out: ofImages },
        epilogue: { activation: { mask: positive } },
      });
      recordFilterGradient(device, { geometry, x: images, dy: cotangent, dFilter, dBias });
      const sums = new Float64Array(cout);
      dy.forEach((number, i) => sums[i % cout]! += number);
      const expected = [
        y.map((number, i) => {
          const offset = offsets[Math.floor(i / image) * cout + i % cout]!;
          return Math.max(0, number + offset + added[i]!);
        }),
        dx.map((number, i) => mask[i]! > 0 ? number : 0),
        dw,
        sums,
      ];
      for (const [i, output] of outputs.entries()) {
        const error = errorOf(await browser.valuesOf(output), expected[i]!);
        assert.ok(error < 3e-6, `[${one.input}], result ${i}: ${error}`);
      }
      tf.dispose([...inputs, ...outputs]);
    }
  });
});
