/**
 * A flow-matching step and a forward pass of the ResNet of 32 filters and 4 blocks, or of the
 * U-Net of 32 filters, at batch 64, in turn:
 * Fluxion's CPU backend on all cores and on one; tfjs's own WebAssembly backend (with a filter gradient composed of its
 * matrix products, since it has none); PyTorch at 1 and at 2 threads, where /usr/bin/python3 has it.
 *
 *   deno run -A tests/bench/fm_step.ts [rounds] [resnet|unet]
 */
import * as tf from "@tensorflow/tfjs";
import { fmLossAndGradient } from "../../src/flows/fm_loss.ts";
import { networkLayout } from "../../src/nn/layout.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { initialParameters } from "../../src/nn/init.ts";
import type { Network } from "../../src/nn/network.ts";
import { openBackend } from "../../src/runtime/backend.ts";
import { Adam } from "../../src/train/optimizer.ts";
import { Learner } from "../../src/train/learner.ts";
import { median, peer } from "./peer.ts";

const [FILTERS, BLOCKS, BATCH] = [32, 4, 64];
const rounds = Number(Deno.args[0] ?? 15);

const image = { height: 28, width: 28, channels: 1 };
const network: Network = Deno.args[1] === "unet"
  ? { kind: "unet", ...image, filters: FILTERS }
  : { kind: "resnet", ...image, filters: FILTERS, blocks: BLOCKS };
const { tfName } = await openBackend("cpu");
composeFilterGradient();

const learner = new Learner(
  {
    ...{ model: "fm", sigmaMin: 0, schedule: "constant", lr: 1e-3, warmup: 0, seed: 0 },
    ...{ ema: 0.99, clip: 1, weightDecay: 0 },
  } as ConstructorParameters<typeof Learner>[0],
  network,
  {
    weights: initialParameters(network, 0),
    ema: null,
    moments: Adam.zeros(networkLayout(network).size),
  },
);
const batch = tf.tensor2d(new Float32Array(BATCH * 784).map((_, i) => Math.sin(i)), [BATCH, 784]);
let step = 0;

async function onThreads(threads: number, work: "train" | "forward"): Promise<number> {
  await openBackend("cpu", { threads });
  return timed(tfName, work);
}

function timed(backend: string, work: "train" | "forward"): number {
  tf.setBackend(backend);
  const begin = performance.now();
  if (work === "train") {
    const { loss, gradient } = fmLossAndGradient(learner.model, batch, { seed: 0, step });
    learner.update(gradient, step++);
    loss.dataSync();
    tf.dispose([loss, gradient]);
  } else {
    const { parameters } = learner.model;
    const times = new Float32Array(BATCH).fill(0.3);
    const y = applyNetwork(network, parameters.tensors, batch, times);
    y.dataSync();
    y.dispose();
  }
  return performance.now() - begin;
}

/** tfjs's WebAssembly backend has no filter gradient: a product for each tap, of its own kernels. */
function composeFilterGradient(): void {
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      const [x, dy] = [inputs.x as tf.Tensor4D, inputs.dy as tf.Tensor4D];
      const [kh, kw, cin, cout] = attrs!.filterShape as number[] as [
        number,
        number,
        number,
        number,
      ];
      const [n, h, w] = x.shape;
      return tf.tidy(() => {
        const [ph, pw] = [(kh - 1) / 2, (kw - 1) / 2];
        const padded = tf.pad4d(x, [[0, 0], [ph, ph], [pw, pw], [0, 0]]);
        const cotangents = tf.reshape(dy, [n * h * w, cout]) as tf.Tensor2D;
        const taps = Array.from({ length: kh * kw }, (_, tap) => {
          const piece = tf.slice4d(padded, [0, Math.floor(tap / kw), tap % kw, 0], [n, h, w, cin]);
          return tf.matMul(tf.reshape(piece, [n * h * w, cin]), cotangents, true);
        });
        return tf.reshape(tf.stack(taps), [kh, kw, cin, cout]);
      });
    },
  });
}

const python = await peer("fm_step.py", [network.kind, FILTERS, BLOCKS, BATCH].map(String));
const contestants: Record<string, (work: "train" | "forward") => number | Promise<number>> = {
  "Fluxion": (work) => onThreads(navigator.hardwareConcurrency, work),
  "Fluxion, 1 thread": (work) => onThreads(1, work),
};
if (python !== null) {
  contestants["PyTorch, 1 thread"] = (work) => python.run(`1 ${work}`);
  contestants["PyTorch, 2 threads"] = (work) => python.run(`2 ${work}`);
}

for (const work of ["train", "forward"] as const) {
  const times: Record<string, number[]> = {};
  for (let round = -2; round < rounds; round++) {
    for (const [name, run] of Object.entries(contestants)) {
      const time = await run(work);
      if (round >= 0) (times[name] ??= []).push(time);
    }
  }
  const stock = [timed("wasm", work)];
  const ours = median(times["Fluxion"]!);
  console.log(`${work}: ${JSON.stringify(network)}, batch ${BATCH}`);
  for (const [name, values] of Object.entries({ ...times, "tfjs wasm": stock })) {
    const ratio = (median(values) / ours).toFixed(2);
    console.log(
      `  ${name.padEnd(20)} median ${median(values).toFixed(1).padStart(7)} ms, least ` +
        `${Math.min(...values).toFixed(1).padStart(7)}; ${ratio} of Fluxion's`,
    );
  }
}
await python?.close();
