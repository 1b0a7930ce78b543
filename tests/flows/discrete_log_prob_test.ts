import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { layoutOf, Parameters } from "../../src/core/parameters.ts";
import { pixelLevels } from "../../src/data/images/pixel_levels.ts";
import { bitsPerDim, discreteLogProb } from "../../src/flows/discrete_log_prob.ts";
import { accurateSolve, type FlowModel } from "../../src/flows/model.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import { enginesInOrder } from "../../src/ode/engines/engines.ts";
import { portableEngine } from "../../src/ode/engines/portable/portable_engine.ts";
import { backendTest } from "../support/backends.ts";

/** dx/dt = s x over images of 1 x 2 pixels: p(x) = N(0, e^(2 s)). */
const s = -0.4;
function model(): FlowModel {
  const layout = layoutOf([{ kind: "linear", name: "out", inputs: 2, outputs: 2 }]);
  return {
    kind: "fm",
    network: {
      kind: "scale",
      rowWidth: 2,
      layout,
      image: { height: 1, width: 2, channels: 1 },
      apply: ([m], x) => tf.matMul(x, m as tf.Tensor2D),
    },
    parameters: Parameters.fromFlat(layout, Float32Array.of(s, 0, 0, s, 0, 0)),
    path: linearPath(0),
    source: standardNormal,
    standardization: null,
  };
}

for (const binarize of [true, false]) {
  const levels = pixelLevels(binarize), most = levels.count - 1, width = 1 / most;
  backendTest(
    `discreteLogProb() with ${levels.count} levels is the dequantisation bound`,
    ["cpu"],
    async () => {
      const scaled = model();
      const n = 2000, pair = [binarize ? 1 : 0.2, 0];
      const images = Float32Array.from({ length: 2 * n }, (_, i) => pair[i % 2]!);
      const settings = { ...accurateSolve, controlGroup: 500 };
      const found = await discreteLogProb(scaled, enginesInOrder(portableEngine("host")), images, {
        levels,
        settings,
        trace: { kind: "exact" },
      });
      // E of (level + (u - 1/2) width)^2 is level^2 + width^2 / 12; the density is N(0, e^(2 s)).
      const squares = pair.reduce((sum, level) => sum + level * level + width * width / 12, 0);
      const expected = -squares * Math.exp(-2 * s) / 2 - Math.log(2 * Math.PI) - 2 * s +
        2 * Math.log(width);
      const mean = found.logProb.reduce((sum, value) => sum + value, 0) / n;
      const variance = found.logProb.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
      const error = Math.abs(mean - expected);
      assert.ok(error < 4 * Math.sqrt(variance / n) + 1e-5, `${mean} ${expected}`);
      found.logProb.forEach((value, row) => {
        const { source, trace } = found.terms;
        assert.ok(Math.abs(source[row]! + trace[row]! + found.levelVolume - value) < 1e-6);
        assert.equal(found.bitsPerDim[row], bitsPerDim(value, 2));
      });
      // No code beats the distribution: log P of the box itself, by a Riemann sum over it.
      const cells = 200;
      const boxProbability = pair.map((level) => {
        let sum = 0;
        for (let i = 0; i < cells; i++) {
          const v = level + ((i + 0.5) / cells - 0.5) * width;
          sum += Math.exp(-v * v * Math.exp(-2 * s) / 2 - s) / Math.sqrt(2 * Math.PI) * width /
            cells;
        }
        return sum;
      });
      const logBox = Math.log(boxProbability[0]!) + Math.log(boxProbability[1]!);
      assert.ok(mean < logBox + 4 * Math.sqrt(variance / n) + 1e-5, `${mean} ${logBox}`);
      scaled.parameters.dispose();
    },
  );
}

Deno.test("bitsPerDim() of a fair coin per dimension is one bit", () => {
  assert.ok(Math.abs(bitsPerDim(7 * Math.log(0.5), 7) - 1) < 1e-15);
});
