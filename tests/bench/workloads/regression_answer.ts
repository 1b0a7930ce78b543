import * as tf from "@tensorflow/tfjs";
import { velocityRegression } from "../../../src/flows/losses/fm_loss.ts";
import type { FlowModel } from "../../../src/flows/model.ts";
import { lossAndTensors } from "./numbers.ts";

/**
 * Loss and gradient of flow matching on given pairs along the straight path from x0 to x1, as peers
 * answer them.
 *
 * @param pairs.x0 Noise, [n * w], and likewise `x1` the data; `times` [n].
 */
export async function regressionAnswer(
  model: FlowModel,
  { x0, x1, times }: {
    readonly x0: Float32Array;
    readonly x1: Float32Array;
    readonly times: Float32Array;
  },
): Promise<Float32Array> {
  const n = times.length, width = x0.length / n;
  const x = x0.map((value, i) => {
    const t = times[Math.floor(i / width)]!;
    return (1 - t) * value + t * x1[i]!;
  });
  const target = x1.map((value, i) => value - x0[i]!);
  const shape: [number, number] = [n, width];
  const [xs, targets] = [tf.tensor2d(x, shape), tf.tensor2d(target, shape)];
  const { loss, gradient } = velocityRegression(model, { x: xs, times, target: targets });
  const answer = lossAndTensors(
    model.network,
    (await loss.data())[0]!,
    await gradient.data<"float32">(),
  );
  tf.dispose([xs, targets, loss, gradient]);
  return answer;
}
