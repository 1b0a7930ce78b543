import * as tf from "@tensorflow/tfjs";
import { fmLossAndGradient } from "../../src/flows/losses/fm_loss.ts";
import { applyNetwork } from "../../src/nn/apply.ts";
import { initialParameters } from "../../src/nn/init.ts";
import type { Network } from "../../src/nn/network.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { TrainState } from "../../src/train/optimizer/train_state.ts";
import { Adam } from "../../src/train/optimizer/optimizer.ts";
import { encodeStateDict } from "../../src/train/weights/state_dict.ts";
import { composeFilterGradient } from "./filter_gradient.ts";
import { Peers, peerThreads } from "./peer.ts";
import { largestDifference, openCpu, type OpenSetup, readFloats, writeFloats } from "./setup.ts";
import { atThreads, timed } from "./turns.ts";

const BATCH = 64;
const PIXELS = 28 * 28;
/** Tolerance relative to the largest velocity; both sides are float32. */
const VELOCITY_LIMIT = 1e-3;
const image = { height: 28, width: 28, channels: 1 };

/** Image networks by name, for training steps (loss, gradient, clip, Adam) and forward passes. */
const networks = {
  resnet: resnetNetwork({ ...image, filters: 32, blocks: 4 }),
  unet: unetNetwork({ ...image, filters: 32 }),
} as const satisfies Record<string, Network>;

/** Setup of a network at batch 64: `train` and `forward`. */
export function fmSetup(name: keyof typeof networks): OpenSetup {
  return async (python, folder) => {
    const network = networks[name];
    await openCpu(1);
    composeFilterGradient();
    // A fresh U-Net returns zeros, which would make the comparison vacuous.
    const weights = initialParameters(network, 0).map((w, i) => w + 0.02 * Math.sin(i));
    const images = Float32Array.from({ length: BATCH * PIXELS }, (_, i) => Math.sin(i));
    await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
    await writeFloats(`${folder}/images.f32`, images);
    const state = new TrainState(
      {
        ...{ model: "fm", sigmaMin: 0, schedule: "constant", lr: 1e-9, warmup: 0, seed: 0 },
        ...{ ema: 0, clip: 1, weightDecay: 0 },
      } as ConstructorParameters<typeof TrainState>[0],
      network,
      {
        weights,
        ema: null,
        standardization: null,
        moments: Adam.zeros(network.layout.size),
      },
    );
    const batch = tf.tensor2d(images, [BATCH, PIXELS]);
    let step = 0;
    const forward = () => {
      const times = new Float32Array(BATCH).fill(0.3);
      // Read outside tidy(), which would spend 8 ms searching the numbers for tensors.
      const out = tf.tidy(() =>
        applyNetwork(network, state.model.parameters.tensors, batch, { t: times })
      );
      const velocities = out.dataSync();
      out.dispose();
      return velocities as Float32Array;
    };
    const ours: Record<string, () => null> = {
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
    const peers = new Peers(python, "fm_step.py", {
      args: [folder, name],
      ways: Object.values(peerThreads),
    });
    const agreements = [];
    if (peers.first !== null) {
      await peers.first.run("answer");
      const difference = largestDifference(
        ...[forward(), await readFloats(`${folder}/answer.f32`), "relative"] as const,
      );
      const what = `velocities of the ${name}, relative to the largest`;
      agreements.push({ what, difference, limit: VELOCITY_LIMIT });
    }
    return {
      works: Object.fromEntries(
        Object.entries(ours).map(([work, run]) => [work, [
          ...[1, 2].map((threads) => ({
            name: atThreads("Fluxion", threads),
            turn: async () => {
              await openCpu(threads);
              return timed(run);
            },
          })),
          ...peers.contestants("PyTorch", work),
          {
            name: "tfjs wasm",
            turn: async () => {
              await tf.setBackend("wasm");
              return timed(run);
            },
          },
        ]]),
      ),
      agreements,
      close: async () => {
        tf.dispose(batch);
        state.dispose();
        await peers.close();
      },
    };
  };
}
