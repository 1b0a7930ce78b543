import * as tf from "@tensorflow/tfjs";
import { groupNormSiluKernels } from "./name.ts";
import type {
  GroupNormGradients,
  GroupNormInputs,
  GroupNormOutputs,
  GroupNormParameters,
  GroupNormStatistics,
} from "./contract.ts";
import { portableGroupNormSilu, portableGroupNormSiluGradient } from "./portable.ts";

/**
 * silu(scale * normalised(x + shift) + offset), each group of four channels of an image
 * normalised over its pixels, differentiable in all four.
 *
 * Source: Wu & He 2018, Group Normalization; the SiLU x / (1 + exp(-x)) always follows in a
 * U-Net, and the shift (a time embedding) always precedes, so that one pass over the images
 * does what six operations did.
 *
 * @param x [n, h, w, c], c a multiple of four.
 * @returns Like x.
 */
export function groupNormSilu(
  x: tf.Tensor4D,
  { scale, offset, shift }: GroupNormParameters,
): tf.Tensor4D {
  const operation = tf.customGrad((...values) => {
    const save = values.pop() as unknown as tf.GradSaveFunc;
    const [x, scale, offset, shift] = values as unknown as Operands;
    const { y, mean, inverseStd } = forward({ x, scale, offset, shift: shift ?? null });
    save([x, scale, offset, mean, inverseStd, ...(shift ? [shift] : [])]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, scale, offset, mean, inverseStd, shift] = saved as unknown as Saved;
        const { dx, dScale, dOffset, dShift } = backward(dy as tf.Tensor4D, {
          x,
          scale,
          offset,
          shift: shift ?? null,
          mean,
          inverseStd,
        });
        return shift ? [dx, dScale, dOffset, dShift] : [dx, dScale, dOffset];
      },
    };
  });
  return operation(x, scale, offset, ...(shift === null ? [] : [shift])) as tf.Tensor4D;
}

type Operands = [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor2D?];
type Saved = [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D?];

function forward(inputs: GroupNormInputs): GroupNormOutputs {
  const { value: name } = groupNormSiluKernels;
  if (!isRegistered(name)) return portableGroupNormSilu(inputs);
  const [y, mean, inverseStd] = runKernel(name, { ...inputs }) as unknown as [
    tf.Tensor4D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  return { y, mean, inverseStd };
}

function backward(
  dy: tf.Tensor4D,
  inputs: GroupNormInputs & GroupNormStatistics,
): GroupNormGradients {
  const { gradient: name } = groupNormSiluKernels;
  if (!isRegistered(name)) return portableGroupNormSiluGradient(dy, inputs);
  const [dx, dScale, dOffset, dShift] = runKernel(name, { dy, ...inputs }) as unknown as [
    tf.Tensor4D,
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor2D,
  ];
  return { dx, dScale, dOffset, dShift };
}

function isRegistered(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

function runKernel(
  name: string,
  inputs: { readonly [name: string]: tf.Tensor | null },
): tf.Tensor[] {
  const given = Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor !== null));
  return tf.engine().runKernel(name, given as tf.NamedTensorMap) as tf.Tensor[];
}
