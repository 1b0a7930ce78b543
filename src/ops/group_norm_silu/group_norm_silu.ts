import * as tf from "../../core/tfjs/library.ts";
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
 * silu(scale * normalised(x + shift) + offset) where each group of four channels is normalised over
 * an image's pixels; differentiable in all four.
 *
 * Source: Wu & He 2018, Group Normalization. In a U-Net the SiLU x / (1 + exp(-x)) always follows
 * and the shift (a time embedding) always precedes, so this fuses six operations into one.
 *
 * @param x [n, h, w, c], c a multiple of four.
 * @returns [n, h, w, c].
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
