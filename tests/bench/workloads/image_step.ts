import * as tf from "@tensorflow/tfjs";
import { fillNormal, fillUniform } from "../../../src/core/random/random.ts";
import { callerKey } from "../../../src/core/random/subsequences.ts";
import { fmLossAndGradient } from "../../../src/flows/losses/fm_loss.ts";
import { applyNetwork } from "../../../src/nn/apply.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import type { Network } from "../../../src/nn/network.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../../src/nn/unet/network.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { Peers, peerThreads, type Reference } from "../peers/peer.ts";
import { type Contestant, contestantName, timed } from "../turns.ts";
import { composeFilterGradient } from "./filter_gradient.ts";
import { writeFloats } from "./numbers.ts";
import { regressionAnswer } from "./regression_answer.ts";
import { openCpu, type OpenSetup, repeatedState, writeSetting } from "./setup.ts";

const BATCH = 64;
const PIXELS = 28 * 28;
const FORWARD_TIME = 0.3;
/** Of a loss, and relative to the largest entry of the rest; both sides are float32. */
const LIMIT = 1e-3;
const image = { height: 28, width: 28, channels: 1 };

/** Image networks by name, for training steps (loss, gradient, clip, Adam) and forward passes. */
const networks = {
  resnet: resnetNetwork({ ...image, filters: 32, blocks: 4 }),
  unet: unetNetwork({ ...image, filters: 32 }),
} as const satisfies Record<string, Network>;

/** Setup of a network at batch 64: `train` and `forward`. */
export function imageSetup(net: keyof typeof networks): OpenSetup {
  return async (python, folder) => {
    const network = networks[net];
    await openCpu(1);
    composeFilterGradient();
    // A fresh U-Net returns zeros, which would make the comparison vacuous.
    const weights = initialParameters(network, 0).map((w, i) => w + 0.02 * Math.sin(i));
    const images = Float32Array.from({ length: BATCH * PIXELS }, (_, i) => Math.sin(i));
    const noise = fillNormal(callerKey(0), 0, new Float32Array(BATCH * PIXELS));
    const times = fillUniform(callerKey(0, 1), 0, new Float32Array(BATCH));
    await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
    await writeSetting(folder, { net });
    await writeFloats(`${folder}/images.f32`, images);
    await writeFloats(`${folder}/noise.f32`, noise);
    await writeFloats(`${folder}/times.f32`, times);
    const state = repeatedState(network, weights, { model: "fm", clip: 1 });
    const batch = tf.tensor2d(images, [BATCH, PIXELS]);
    let step = 0;
    const forward = () => {
      const t = new Float32Array(BATCH).fill(FORWARD_TIME);
      // Read outside tidy(), which would spend 8 ms searching the numbers for tensors.
      const out = tf.tidy(() =>
        applyNetwork(network, state.model.parameters.tensors, batch, { t })
      );
      const velocities = out.dataSync();
      out.dispose();
      return velocities as Float32Array;
    };
    const ours: Record<"train" | "forward", () => null> = {
      train: () => {
        const { loss, gradient } = fmLossAndGradient(state.model, batch, { seed: 0, step });
        state.update(gradient, step++);
        loss.dataSync();
        tf.dispose([loss, gradient]);
        return null;
      },
      forward: () => {
        forward();
        return null;
      },
    };
    const references: Record<"train" | "forward", Reference> = {
      train: {
        what: `loss and gradient of the ${net}`,
        answer: async () => {
          await openCpu(2);
          return await regressionAnswer(state.model, { x0: noise, x1: images, times });
        },
        ...{ scale: "gradient", limit: LIMIT },
      },
      forward: {
        what: `velocities of the ${net}`,
        answer: async () => {
          await openCpu(2);
          return forward();
        },
        ...{ scale: "relative", limit: LIMIT },
      },
    };
    const peers = {
      torch: new Peers(python, folder, {
        script: "images_torch.py",
        needs: ["torch"],
        ways: ["eager", "fused", "last"],
        threads: [peerThreads.one, peerThreads.two],
      }),
      // Compilation takes up to a minute per process.
      compiled: new Peers(python, folder, {
        script: "images_torch.py",
        needs: ["torch"],
        ways: net === "unet" ? ["compiled-last"] : ["compiled", "compiled-last"],
        threads: [peerThreads.two],
      }),
      jax: new Peers(python, folder, {
        script: "images_jax.py",
        needs: ["jax", "optax"],
        ways: ["jit"],
        threads: [peerThreads.one, peerThreads.two],
      }),
    };
    const contestants = (work: "train" | "forward"): Contestant[] => [
      ...[1, 2].map((threads) => ({
        ...{ family: "Fluxion", name: contestantName("Fluxion", threads) },
        turn: async () => {
          await openCpu(threads);
          return await timed(ours[work]);
        },
      })),
      ...peers.torch.contestants("PyTorch", work, references[work]),
      ...peers.compiled.contestants("PyTorch", work, references[work]),
      ...peers.jax.contestants("JAX", work, references[work]),
      {
        ...{ family: "tfjs wasm", name: "tfjs wasm" },
        turn: async () => {
          await tf.setBackend("wasm");
          return await timed(ours[work]);
        },
      },
    ];
    return {
      works: { train: contestants("train"), forward: contestants("forward") },
      close: async () => {
        tf.dispose(batch);
        state.dispose();
        for (const group of Object.values(peers)) await group.close();
      },
    };
  };
}
