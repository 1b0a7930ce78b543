import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { fmLossAndGradient, velocityRegression } from "../../src/flows/losses/fm_loss.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import type { FlowModel } from "../../src/flows/model.ts";
import { evaluationRows, trainingRows } from "../../src/flows/piece_rows.ts";
import { velocityInPieces } from "../../src/flows/velocity_in_pieces.ts";
import { Parameters } from "../../src/core/parameters.ts";
import { piecesOf } from "../../src/ops/pieces.ts";
import { activationNumbers } from "../../src/nn/activation_numbers.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import type { Network } from "../../src/nn/network.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import { OutOfMemoryError } from "../../src/core/errors.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { backendTest } from "../support/backends.ts";
import { peakHeapBytes, withHeapLeft } from "../support/heap.ts";

const image = { height: 28, width: 28, channels: 1 } as const;
const networks = {
  mlp: mlpNetwork({ dims: 3, hidden: 16 }),
  resnet: resnetNetwork({ ...image, filters: 8, blocks: 2 }),
  unet: unetNetwork({ ...image, filters: 8 }),
} as const satisfies Record<string, Network>;

/** A model with weights about as large as trained ones; a fresh unet is zero everywhere. */
function modelOf(network: Network): FlowModel {
  const layout = network.layout;
  const weights = fillNormal({ seed: 3, stream: 0 }, 0, new Float32Array(layout.size));
  const parameters = Parameters.fromFlat(layout, weights.map((value) => 0.2 * value));
  return {
    kind: "fm",
    network,
    parameters,
    path: linearPath(1e-4),
    source: standardNormal,
    standardization: null,
  };
}

function rowsOf(network: Network, count: number): tf.Tensor2D {
  const width = network.rowWidth;
  const values = fillNormal({ seed: 4, stream: 0 }, 0, new Float32Array(count * width));
  return tf.tensor2d(values, [count, width]);
}

Deno.test("piecesOf() splits rows in order into as few pieces as fit, about equal in size", () => {
  assert.deepEqual(piecesOf(8, 8), [{ first: 0, count: 8 }]);
  assert.deepEqual(piecesOf(7, 3), [
    { first: 0, count: 2 },
    { first: 2, count: 2 },
    { first: 4, count: 3 },
  ]);
  assert.deepEqual(piecesOf(2, 0), [{ first: 0, count: 1 }, { first: 1, count: 1 }]);
  for (const [rows, most] of [[512, 465], [60000, 465], [1000, 1]] as const) {
    const pieces = piecesOf(rows, most);
    assert.equal(pieces.length, Math.ceil(rows / most));
    assert.equal(pieces.reduce((sum, { count }) => sum + count, 0), rows);
    assert.ok(pieces.every(({ count }) => count <= most));
  }
});

// Found by trial, when all of the gradient's tensors were still held to the end: the largest
// batches that trained in 2 GiB. Their gradients have to stay in one piece.
const largestBatches: readonly (readonly [Network, number])[] = [
  [unetNetwork({ ...image, filters: 32 }), 460],
  [resnetNetwork({ ...image, filters: 16, blocks: 8 }), 1200],
];

Deno.test("trainingRows() does not split batches that fit in memory", () => {
  for (const [network, rows] of largestBatches) {
    const most = trainingRows(network);
    assert.ok(most >= rows && most < 1.02 * rows, `${network.kind}: ${most}`);
  }
  // Its parameters do not fit.
  assert.ok(trainingRows(mlpNetwork({ dims: 2, hidden: 8192 })) < 1);
});

const measured: readonly Network[] = [
  ...Object.values(networks),
  mlpNetwork({ dims: 2, hidden: 64 }),
  mlpNetwork({ dims: 100, hidden: 4 }),
  resnetNetwork({ ...image, filters: 6, blocks: 3 }),
  resnetNetwork({ height: 9, width: 7, channels: 3, filters: 16, blocks: 1 }),
  unetNetwork({ height: 6, width: 9, channels: 3, filters: 16 }),
  unetNetwork({ height: 8, width: 8, channels: 16, filters: 4 }),
];

for (const network of measured) {
  const name = `${network.kind} ${Object.values(network.sizes!)}`;
  backendTest(`activationNumbers() of ${name} matches the tensors allocated`, ["cpu"], () => {
    const model = modelOf(network);
    const { tensors } = model.parameters;
    const width = network.rowWidth;
    const { evaluation, training } = activationNumbers(network);
    const of = (count: number) => {
      const x = rowsOf(network, count), target = rowsOf(network, count);
      const times = new Float32Array(count).fill(0.5);
      const peakOf = (f: () => tf.TensorContainer) =>
        peakHeapBytes(() => tf.dispose(tf.tidy(f))) / 4;
      const evaluated = peakOf(() => applyNetwork(network, tensors, x, { t: times }));
      // tf.valueAndGrads holds everything to the end.
      const held = peakOf(() =>
        tf.valueAndGrads((...tensors: tf.Tensor[]) =>
          tf.mean(tf.squaredDifference(applyNetwork(network, tensors, x, { t: times }), target))
        )([...tensors]).grads
      );
      const needed = peakOf(() => ({ ...velocityRegression(model, { x, times, target }) }));
      tf.dispose([x, target]);
      return { evaluated, held, needed };
    };
    // Scratch and gradients do not grow with the number of rows.
    const count = Math.ceil(6e6 / training);
    const [once, twice] = [of(count), of(2 * count)];
    const aRow = (what: keyof typeof once) => (twice[what] - once[what]) / count;
    // x and the target count in training too, with the data and, if it is held, the noise.
    const shares = {
      evaluated: aRow("evaluated") / evaluation,
      held: (4 * width + aRow("held")) / training,
      needed: (3 * width + aRow("needed")) / training,
    };
    const words = JSON.stringify(shares);
    // The U-Net disposes what it joins, and a ResNet in one operation keeps a few images of the blocks;
    // the counts stay, since they cut batches and so decide bits.
    const isOne = network.kind === "resnet" && Number(network.sizes!.filters) % 4 === 0;
    assert.ok(shares.evaluated > (isOne ? 0 : 0.7) && shares.evaluated < 1.02, words);
    assert.ok(shares.held > 0.95 && shares.held < 1.05, words);
    // The rest of memory has to hold the scratch.
    assert.ok(shares.needed < (network.kind === "unet" ? 0.7 : 0.85), words);
    model.parameters.dispose();
  });
}

Deno.test("activationNumbers() estimated from a layout exceed what networks need", () => {
  for (const network of measured) {
    const known = activationNumbers(network);
    const { activations: _, ...own } = network;
    const estimated = activationNumbers(own);
    for (const use of ["evaluation", "training"] as const) {
      const ratio = estimated[use] / known[use];
      const words = `${use} of ${network.kind} ${Object.values(network.sizes!)}: ${ratio}`;
      // But not by so much that batches are split into single rows.
      assert.ok(ratio > 1 && ratio < 20, words);
    }
  }
});

backendTest(
  "trainingRows() and evaluationRows() keep tensors to what a GPU can bind",
  ["cpu", "webgpu"],
  ({ kind }) => {
    const wide = resnetNetwork({ height: 64, width: 64, channels: 3, filters: 64, blocks: 1 });
    const bytes = 4 * 64 * 64 * 64;
    for (const rows of [trainingRows(wide), evaluationRows(wide)]) {
      assert.equal(rows * bytes <= 2 ** 27, kind === "webgpu", `${rows} rows`);
    }
  },
);

for (const network of Object.values(networks)) {
  backendTest(`fmLossAndGradient() of a ${network.kind} in pieces is that of the whole`, [
    "cpu",
  ], async () => {
    const model = modelOf(network);
    const batch = rowsOf(network, 8);
    const draw = { seed: 1, step: 3 };
    const of = async (mostRows: number) => {
      const { loss, gradient } = fmLossAndGradient(model, batch, draw, { mostRows });
      const values = [(await loss.data())[0]!, ...await gradient.data()];
      tf.dispose([loss, gradient]);
      return values;
    };
    const whole = await of(8);
    const largest = Math.max(...whole.slice(1).map(Math.abs));
    for (const mostRows of [1, 3, 5]) {
      const cut = await of(mostRows);
      assert.deepEqual(await of(mostRows), cut);
      assert.ok(Math.abs(cut[0]! - whole[0]!) < 1e-6 * whole[0]!, `${cut[0]} ${whole[0]}`);
      const error = Math.max(...cut.slice(1).map((value, i) => Math.abs(value - whole[i + 1]!)));
      // float32 sums in another order.
      assert.ok(error < 1e-5 * largest, `${error / largest}`);
    }
    batch.dispose();
    model.parameters.dispose();
  });

  backendTest(`velocityInPieces() of a ${network.kind} has applyNetwork()'s bits`, ["cpu"], () => {
    const model = modelOf(network);
    const x = rowsOf(network, 20);
    const t = Float64Array.from({ length: 20 }, (_, i) => i / 20);
    const { tensors } = model.parameters;
    tf.tidy(() => {
      const whole = applyNetwork(network, tensors, x, { t }).dataSync();
      for (const mostRows of [1, 7, 19]) {
        const cut = velocityInPieces(network, tensors, x, { t, mostRows }).dataSync();
        assert.deepEqual(cut, whole);
      }
    });
    x.dispose();
    model.parameters.dispose();
  });
}

Deno.test("fmLossAndGradient() in pieces has the same bits on any number of threads", async () => {
  const bits: Float32Array[] = [];
  for (const threads of [1, 2]) {
    await openBackend("cpu", { threads });
    const model = modelOf(networks.unet);
    const batch = rowsOf(networks.unet, 40);
    const draw = { seed: 1, step: 3 };
    const { loss, gradient } = fmLossAndGradient(model, batch, draw, { mostRows: 15 });
    bits.push(Float32Array.from([...await loss.data(), ...await gradient.data()]));
    tf.dispose([loss, gradient, batch]);
    model.parameters.dispose();
  }
  assert.deepEqual(bits[0], bits[1]);
});

backendTest("fmLossAndGradient() leaks nothing when memory runs out", ["cpu"], () => {
  const network = networks.unet;
  const model = modelOf(network);
  assert.ok(model.parameters.tensors.length > 0); // made at their first use
  const batch = rowsOf(network, 12);
  const before = tf.memory();
  // Not enough for a piece, but enough for its first operations.
  withHeapLeft(2 * 4 * activationNumbers(network).training, () => {
    for (const mostRows of [12, 4]) {
      assert.throws(
        () => fmLossAndGradient(model, batch, { seed: 0, step: 0 }, { mostRows }),
        OutOfMemoryError,
      );
      assert.deepEqual(tf.memory(), before);
    }
  });
  const { loss, gradient } = fmLossAndGradient(model, batch, { seed: 0, step: 0 });
  tf.dispose([loss, gradient, batch]);
  model.parameters.dispose();
});
