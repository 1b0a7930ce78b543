import * as tf from "../../../core/tfjs/library.ts";
import type { Tensor } from "../../../core/tensors.ts";
import { type Call, stockKernel } from "./kernels.ts";
import { MOST_NUMBERS, type ProductDevice, recordPixelSums } from "./products.ts";

type SumCall = Call<{ readonly axis: number | number[]; readonly keepDims?: boolean }>;

/**
 * Sums over the first axes of float32 numbers, as the gradient of a dense layer's bias, in a fixed order; others by
 * tfjs, which transposes for these.
 */
function sum(device: ProductDevice, call: SumCall): tf.TensorInfo {
  const { inputs, attrs: { axis, keepDims } } = call;
  const x = inputs["x"]!, { shape } = x;
  const axes = tf.util.parseAxisParam(axis, [...shape]);
  const isFirst = axes.every((axis, i) => axis === i) && axes.length > 0 &&
    axes.length < shape.length;
  const columns = tf.util.sizeFromShape(shape.slice(axes.length));
  if (x.dtype !== "float32" || !isFirst || keepDims || x.size === 0 || x.size > MOST_NUMBERS) {
    return stockKernel("Sum", call);
  }
  const sums = device.gpu.tensor<Tensor>(shape.slice(axes.length));
  recordPixelSums(device, {
    shape: [1, 1, x.size / columns, columns],
    ...{ cotangent: x, relu: null, sums, perImage: false },
  });
  return sums;
}

/** Kernels of this file by tfjs's names. */
export const sumKernels = { Sum: sum } as const;
