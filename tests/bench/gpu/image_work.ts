import * as tf from "@tensorflow/tfjs";
import { fillNormal, fillUniform } from "../../../src/core/random/random.ts";
import { callerKey } from "../../../src/core/random/subsequences.ts";
import type { ImageDataset } from "../../../src/data/dataset.ts";
import { fmLossAndGradient } from "../../../src/flows/losses/fm_loss.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import { encodeStateDict } from "../../../src/train/weights/state_dict.ts";
import { Peers, peerThreads, type Reference } from "../peers/peer.ts";
import { timed } from "../turns.ts";
import { writeFloats } from "../workloads/numbers.ts";
import { regressionAnswer } from "../workloads/regression_answer.ts";
import { once, repeatedState, writeSetting } from "../workloads/setup.ts";
import { openGpu, type OpenGpuSetup, trainingOn } from "./setting.ts";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** Of a loss, and relative to the largest entry of the rest; both sides are float32. */
const LIMIT = 2e-3;

function imagesOf(pixels: Float32Array): ImageDataset {
  const table = (first: number, count: number) => ({
    ...{ count, labels: null },
    read(indices: ArrayLike<number>, out: Float32Array) {
      for (let i = 0; i < indices.length; i++) {
        const from = PIXELS * (first + indices[i]!);
        out.set(pixels.subarray(from, from + PIXELS), PIXELS * i);
      }
    },
  });
  return {
    ...{ kind: "images", name: "bench", height: SIDE, width: SIDE, channels: 1 },
    ...{ train: table(0, pixels.length / PIXELS), test: table(0, 1) },
  };
}

/** Training steps of flow matching with a ResNet on images of 28 x 28. */
export function imageStepSetup(
  { filters, blocks, batch, steps }: Readonly<
    Record<"filters" | "blocks" | "batch" | "steps", number>
  >,
): OpenGpuSetup {
  return async (python, folder) => {
    const network = resnetNetwork({ height: SIDE, width: SIDE, channels: 1, filters, blocks });
    const weights = initialParameters(network, 0);
    const images = Float32Array.from({ length: batch * PIXELS }, (_, i) => Math.sin(i));
    const noise = fillNormal(callerKey(0), 0, new Float32Array(batch * PIXELS));
    const times = fillUniform(callerKey(0, 1), 0, new Float32Array(batch));
    await Deno.writeFile(`${folder}/model.safetensors`, encodeStateDict(network, weights));
    await writeSetting(folder, { net: "resnet" });
    await writeFloats(`${folder}/images.f32`, images);
    await writeFloats(`${folder}/noise.f32`, noise);
    await writeFloats(`${folder}/times.f32`, times);
    const training = await trainingOn({
      model: "fm",
      options: { net: "resnet", filters, blocks, batchSize: batch, clip: 1, sigmaMin: 0 },
      dataset: imagesOf(images),
    }, { weights, steps });
    const state = () => repeatedState(network, weights, { model: "fm", clip: 1 });
    const reference: Reference = {
      what:
        `loss and gradient of a resnet of ${filters} filters and ${blocks} blocks, batch ${batch}`,
      answer: once(async () => {
        await openGpu();
        const own = state();
        const answer = await regressionAnswer(own.model, { x0: noise, x1: images, times });
        own.dispose();
        return answer;
      }),
      ...{ scale: "gradient", limit: LIMIT },
    };
    // tfjs's own backend: its kernels, its device.
    let stock: { readonly state: ReturnType<typeof state>; readonly batch: tf.Tensor2D } | null =
      null;
    let step = 0;
    const stockStep = async () => {
      stock ??= { state: state(), batch: tf.tensor2d(images, [batch, PIXELS]) };
      const { loss, gradient } = fmLossAndGradient(stock.state.model, stock.batch, {
        seed: 0,
        step,
      });
      stock.state.update(gradient, step++);
      await loss.data();
      tf.dispose([loss, gradient]);
      return null;
    };
    const peers = new Peers(python, folder, {
      ...{ script: "images_torch.py", needs: ["torch"], ways: ["eager"] },
      threads: [peerThreads.one],
    });
    return {
      contestants: [
        training.contestant,
        {
          ...{ family: "stock tfjs", name: "stock tfjs" },
          turn: async () => {
            await tf.setBackend("webgpu");
            await tf.ready();
            return await timed(stockStep);
          },
        },
        ...peers.contestants("PyTorch", "train", reference),
      ],
      facts: training.facts,
      close: async () => {
        training.close();
        stock?.state.dispose();
        stock?.batch.dispose();
        await peers.close();
      },
    };
  };
}
