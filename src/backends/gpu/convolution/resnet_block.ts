import type { Tensor } from "../../../core/tensors.ts";
import type { Geometry, Shape4D } from "../../../ops/convolution/geometry.ts";
import { resnetBlockKernels } from "../../../ops/resnet_block/cpu.ts";
import type { Call } from "./kernels.ts";
import {
  type ProductDevice,
  recordFilterGradient,
  recordGather,
  recordPixelSums,
} from "./products.ts";

/** A same-size convolution of the block. */
function sameSize(shape: Shape4D, size: number): Geometry {
  const pad = (size - 1) / 2;
  return { input: shape, output: shape, kernel: [size, size], strides: [1, 1], pads: [pad, pad] };
}

/**
 * Sizes of a call, checked: the shaders trust them.
 *
 * @throws {RangeError} If they are not those of a block.
 */
function shapeOf(
  name: string,
  { x, filter1, filter2, filter3, ...others }: Call<unknown>["inputs"],
): Shape4D {
  const [n, h, w, c] = x!.shape as Shape4D;
  const filters = [filter1!, filter2!, filter3!].map(({ size }) => size);
  const sizes: Record<string, number> = { bias1: n * c, bias2: c, bias3: c };
  const isRight = x!.size > 0 && x!.shape.length === 4 &&
    [c * c, 9 * c * c, c * c].every((size, i) => size === filters[i]) &&
    Object.entries(others).every(([name, { size }]) => size === (sizes[name] ?? x!.size));
  if (!isRight) {
    throw new RangeError(
      `${name}: expected images and parameters of ${c} channels, got [${x!.shape}]`,
    );
  }
  return [n, h, w, c];
}

/** y, and a1 and a2 if they are to be kept, in three dispatches. */
function value(
  device: ProductDevice,
  { inputs, attrs: { relu, keep } }: Call<{ readonly relu: boolean; readonly keep: boolean }>,
): Tensor[] {
  const shape = shapeOf(resnetBlockKernels.value, inputs);
  const { x, filter1, bias1, filter2, bias2, filter3, bias3 } = inputs as Readonly<
    Record<string, Tensor>
  >;
  const { gpu } = device;
  const bytes = 4 * x!.size;
  const y = gpu.tensor(shape);
  const kept = keep ? [gpu.tensor(shape), gpu.tensor(shape)] : [];
  using scratch1 = keep ? null : gpu.scratch(bytes);
  using scratch2 = keep ? null : gpu.scratch(bytes);
  const a1 = scratch1 ?? kept[0]!, a2 = scratch2 ?? kept[1]!;
  const pointwise = sameSize(shape, 1);
  recordGather(device, {
    ...{ kind: "values", geometry: pointwise, source: x!, filter: filter1!, out: a1 },
    epilogue: { bias: bias1!, activation: "relu" },
  });
  recordGather(device, {
    ...{ kind: "values", geometry: sameSize(shape, 3), source: a1, filter: filter2!, out: a2 },
    epilogue: { bias: bias2!, activation: "relu" },
  });
  recordGather(device, {
    ...{ kind: "values", geometry: pointwise, source: a2, filter: filter3!, out: y },
    epilogue: { bias: bias3!, residual: x!, activation: relu ? "relu" : undefined },
  });
  return [y, ...kept];
}

/** Cotangents of x, filter1, bias1, filter2, bias2, filter3 and bias3 in 10 dispatches, with a ReLU 11. */
function gradient(device: ProductDevice, { inputs }: Call<unknown>): Tensor[] {
  const shape = shapeOf(resnetBlockKernels.gradient, inputs);
  const { dy, x, a1, a2, y, filter1, filter2, filter3 } = inputs as Readonly<
    Record<string, Tensor>
  >;
  const { gpu } = device;
  const [n, , , c] = shape;
  const [dx, dBias1] = [gpu.tensor(shape), gpu.tensor([n, c])];
  const [dBias2, dBias3] = [gpu.tensor([c]), gpu.tensor([c])];
  const [dFilter1, dFilter2, dFilter3] = [filter1!, filter2!, filter3!].map((filter) =>
    gpu.tensor(filter.shape)
  );
  const pointwise = sameSize(shape, 1), middle = sameSize(shape, 3);
  const scratch = () => gpu.scratch(4 * x!.size);
  using d3 = y === undefined ? null : scratch();
  if (d3 !== null) {
    // The filter's gradient has the bias's; sums of images take no second dispatch.
    using sums = gpu.scratch(4 * n * c);
    recordPixelSums(device, {
      ...{ shape, cotangent: dy!, relu: { mask: y!, masked: d3 }, sums, perImage: true },
    });
  }
  const cotangent = d3 ?? dy!;
  using d1 = scratch();
  using d2 = scratch();
  recordFilterGradient(device, {
    ...{ geometry: pointwise, x: a2!, dy: cotangent, dFilter: dFilter3!, dBias: dBias3! },
  });
  recordGather(device, {
    ...{ kind: "inputGradient", geometry: pointwise, source: cotangent, filter: filter3!, out: d2 },
    epilogue: { activation: { mask: a2! } },
  });
  recordFilterGradient(device, {
    ...{ geometry: middle, x: a1!, dy: d2, dFilter: dFilter2!, dBias: dBias2! },
  });
  recordGather(device, {
    ...{ kind: "inputGradient", geometry: middle, source: d2, filter: filter2!, out: d1 },
    epilogue: { activation: { mask: a1! } },
  });
  recordPixelSums(device, { shape, cotangent: d1, relu: null, sums: dBias1, perImage: true });
  recordFilterGradient(device, {
    ...{ geometry: pointwise, x: x!, dy: d1, dFilter: dFilter1!, dBias: null },
  });
  recordGather(device, {
    ...{ kind: "inputGradient", geometry: pointwise, source: d1, filter: filter1!, out: dx },
    epilogue: { residual: cotangent },
  });
  return [dx, dFilter1!, dBias1, dFilter2!, dBias2, dFilter3!, dBias3];
}

/** Our kernels of a ResNet block by their names in tfjs. */
export const blockKernels = {
  [resnetBlockKernels.value]: value,
  [resnetBlockKernels.gradient]: gradient,
};
