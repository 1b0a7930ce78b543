import * as tf from "../../core/tfjs/library.ts";
import { reluGradient } from "../relu_gradient/relu_gradient.ts";
import { RESIDUAL_CONV2D } from "./conv2d.ts";
import { operation } from "../operation.ts";

/**
 * tfjs name of a kernel that a backend may register: with the inputs and attributes of Conv2DBackpropFilter, the
 * gradients with respect to filter and bias [out] in one pass.
 */
export const CONV2D_PARAMETER_GRADIENT = "FluxionConv2DParameterGrad";

/** Operands of a convolution. */
export interface ConvolutionParameters {
  /** [kh, kw, in, out]. */
  readonly filter: tf.Tensor4D;
  /** [out], or [n, out] for a bias per image. */
  readonly bias: tf.Tensor;
  /** [n, h, w, out], added before the activation; optional. */
  readonly residual?: tf.Tensor4D;
}

/**
 * A stride-1, same-size convolution with bias, residual and activation, in one operation in
 * training too: inside a gradient, `tf.fused.conv2d` splits off the ReLU and keeps its input, at a
 * fifth more time and memory.
 *
 * @param input [n, h, w, in].
 * @returns [n, h, w, out].
 */
export function convolve(
  input: tf.Tensor4D,
  { filter, bias, residual }: ConvolutionParameters,
  activation: "linear" | "relu",
): tf.Tensor4D {
  const perImage = bias.shape.length === 2;
  return operation<tf.Tensor4D>([input, filter, bias, ...(residual ? [residual] : [])], {
    value: (save) => {
      const y = forward({ x: input, filter, bias, ...(residual ? { residual } : {}) }, activation);
      // The VJP of a linear convolution does not need the result.
      save(activation === "relu" ? [input, filter, y] : [input, filter]);
      return y;
    },
    pullBack: (dy, saved) => {
      const [x, filter, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D?];
      const { dx: cotangent, dBias } = y === undefined
        ? { dx: dy, dBias: null }
        : reluGradient(dy, y, { perImage });
      let biasGradient: tf.Tensor | null = null;
      return [
        () => gradient("Conv2DBackpropInput", { dy: cotangent, filter }, { inputShape: x.shape }),
        () => {
          const inputs = { x, dy: cotangent }, shape = { filterShape: filter.shape };
          if (perImage || dBias !== null || !hasKernel(CONV2D_PARAMETER_GRADIENT)) {
            return gradient("Conv2DBackpropFilter", inputs, shape);
          }
          const [dFilter, sums] = gradients(CONV2D_PARAMETER_GRADIENT, inputs, shape);
          // Kept for the next function, which need not be called; disposed with what was saved.
          saved.push(biasGradient = tf.keep(sums!));
          return dFilter!;
        },
        () => {
          if (biasGradient !== null) return tf.clone(biasGradient);
          return dBias ?? tf.sum(cotangent, perImage ? [1, 2] : [0, 1, 2]);
        },
        // A copy: tfjs disposes cotangents after adding them, but dy is the caller's.
        ...(residual ? [() => tf.clone(cotangent)] : []),
      ];
    },
  });
}

const geometry = { strides: 1, pad: "same", dataFormat: "NHWC" } as const;

function gradient(name: string, inputs: tf.NamedTensorMap, shape: Record<string, number[]>) {
  return tf.engine().runKernel(name, inputs, { ...geometry, ...shape }) as tf.Tensor;
}

function gradients(name: string, inputs: tf.NamedTensorMap, shape: Record<string, number[]>) {
  return tf.engine().runKernel(name, inputs, { ...geometry, ...shape }) as tf.Tensor[];
}

const hasKernel = (name: string) => tf.getKernel(name, tf.getBackend()) !== undefined;

function forward(
  inputs: {
    readonly x: tf.Tensor4D;
    readonly filter: tf.Tensor4D;
    readonly bias: tf.Tensor;
    readonly residual?: tf.Tensor4D;
  },
  activation: "linear" | "relu",
): tf.Tensor4D {
  const run = (name: string, inputs: object, activation: string) =>
    tf.engine().runKernel(
      name,
      inputs as unknown as tf.NamedTensorMap,
      { ...geometry, dilations: 1, activation } as unknown as tf.NamedAttrMap,
    ) as tf.Tensor4D;
  const { x, filter, bias, residual } = inputs;
  if (bias.shape.length === 1 && residual === undefined) {
    return run("FusedConv2D", inputs, activation);
  }
  if (hasKernel(RESIDUAL_CONV2D)) {
    return run(RESIDUAL_CONV2D, inputs, activation);
  }
  return tf.tidy(() => {
    let y: tf.Tensor = bias.shape.length === 1
      ? run("FusedConv2D", { x, filter, bias }, "linear")
      : tf.add(run("Conv2D", { x, filter }, "linear"), tf.expandDims(tf.expandDims(bias, 1), 1));
    if (residual !== undefined) y = tf.add(y, residual);
    return (activation === "relu" ? tf.relu(y) : y) as tf.Tensor4D;
  });
}
