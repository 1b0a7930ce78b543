import type * as tf from "@tensorflow/tfjs";
import type { Geometry } from "../../../ops/convolution/geometry.ts";
import { type Call, stockKernel } from "./kernels.ts";
import {
  gatherSteps,
  MOST_NUMBERS,
  MOST_STEPS,
  type ProductDevice,
  recordFilterGradient,
  recordGather,
} from "./products.ts";

type MatMulCall = Call<{
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string;
}>;

/** A product of rows [rows, inner] with a matrix as a convolution of images of one pixel. */
function rowsGeometry(rows: number, inner: number, columns: number): Geometry {
  return {
    input: [rows, 1, 1, inner],
    output: [rows, 1, 1, columns],
    ...{ kernel: [1, 1], strides: [1, 1], pads: [0, 0] },
  };
}

/** One float32 matrix product of two matrices, of which the first may be transposed or the second. */
function matMul(device: ProductDevice, name: string, call: MatMulCall): tf.TensorInfo {
  const { inputs: { a, b, bias }, attrs: { transposeA, transposeB, activation = "linear" } } = call;
  const shapes = [a!.shape, b!.shape];
  const [[rowsA, columnsA], [rowsB, columnsB]] = shapes.map((shape) => shape.slice(-2)) as [
    [number, number],
    [number, number],
  ];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  const isOne = shapes.every((shape) => shape.slice(0, -2).every((length) => length === 1));
  const isKnown = isOne && k === inner && m * n * k > 0 && !(transposeA && transposeB) &&
    [a, b, bias].every((tensor) => !tensor || tensor.dtype === "float32") &&
    !("preluActivationWeights" in call.inputs && call.inputs.preluActivationWeights) &&
    (activation === "linear" || activation === "relu") &&
    (!bias || bias.shape.length === 1 && bias.shape[0] === n) &&
    Math.max(m * k, k * n, m * n) <= MOST_NUMBERS &&
    (transposeA
      ? !bias && activation === "linear"
      : gatherSteps("values", rowsGeometry(m, k, n)) <= MOST_STEPS);
  if (!isKnown) return stockKernel(name, call);
  const outer = shapes[shapes[0]!.length >= shapes[1]!.length ? 0 : 1]!.slice(0, -2);
  const out = device.gpu.tensor([...outer, m, n]);
  if (transposeA) {
    const geometry = rowsGeometry(k, m, n);
    recordFilterGradient(device, { geometry, x: a!, dy: b!, dFilter: out, dBias: null });
    return out;
  }
  recordGather(device, {
    ...(transposeB
      // The filter of an input gradient is [columns, channels].
      ? { kind: "inputGradient", geometry: rowsGeometry(m, n, k) } as const
      : { kind: "values", geometry: rowsGeometry(m, k, n) } as const),
    ...{ source: a!, filter: b!, out },
    epilogue: {
      bias: bias ?? undefined,
      activation: activation === "relu" ? "relu" : undefined,
    },
  });
  return out;
}

/** Our kernels of matrix products by their names in tfjs. */
export const matmulKernels = Object.fromEntries(
  ["BatchMatMul", "_FusedMatMul"].map((name) => [
    name,
    (device: ProductDevice, call: MatMulCall) => matMul(device, name, call),
  ]),
);
