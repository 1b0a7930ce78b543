import * as tf from "../../core/tfjs/library.ts";
import { productOverRows } from "./product_over_rows.ts";
import { ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { MatmulKernels } from "./kernels.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { addressOf, callWasmKernel, type KernelCall } from "../../threads/wasm.ts";
import { finished, isSeparate } from "../activation.ts";

/** What a task takes per number of B to pack it, in multiply-adds. */
const PACK_WORK = 8;

/** Arguments of BatchMatMul and _FusedMatMul; the former has no bias and no activation. */
export interface MatMulCall extends KernelCall<"a" | "b", MatMulAttributes> {
  readonly inputs: {
    readonly a: tf.TensorInfo;
    readonly b: tf.TensorInfo;
    readonly bias?: tf.TensorInfo;
    readonly preluActivationWeights?: tf.TensorInfo;
  };
}

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/**
 * Matrix product by the packed GEMM, with bias and activation; tfjs's own uses a plain loop if a
 * factor is transposed.
 *
 * @param name Name of the tfjs kernel, which handles cases that the GEMM does not support.
 * @throws {RangeError} If a factor is empty or the shapes do not match.
 */
export function matMul(
  simd: KernelThreads<MatmulKernels & ElementwiseKernels>,
  name: "BatchMatMul" | "_FusedMatMul",
  call: MatMulCall,
): tf.TensorInfo {
  const { inputs: { a, b, bias }, attrs, backend } = call;
  const { transposeA, transposeB, activation = "linear" } = attrs;
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  );
  const size = tf.util.sizeFromShape;
  const count = size(outer);
  const [matricesA, matricesB] = [size(a.shape.slice(0, -2)), size(b.shape.slice(0, -2))];
  if (k !== inner || count * m * n * k === 0) {
    throw new RangeError(
      `${name}: expected matching, non-empty factors, got [${a.shape}]` +
        `${transposeA ? " transposed" : ""} and [${b.shape}]${transposeB ? " transposed" : ""}`,
    );
  }
  const isOfColumns = bias == null || bias.shape.length === 1 && bias.shape[0] === n;
  if (isSeparate(activation) || !isOfColumns) {
    const { bias: _, ...without } = call.inputs, inputs = isOfColumns ? call.inputs : without;
    const sums = matMul(simd, name, { inputs, attrs: { ...attrs, activation: "linear" }, backend });
    return finished(sums, isOfColumns ? undefined : bias, call);
  }
  const known = a.dtype === "float32" && b.dtype === "float32" &&
    // The same number of matrices in both, or one for all.
    [matricesA, matricesB].every((matrices) => matrices === count || matrices === 1);
  if (!known) return callWasmKernel(backend, name, { ...call.inputs }, attrs);

  const out = backend.makeOutput([...outer, m, n], "float32");
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const [aAddress, bAddress, cAddress] = [a, b, out].map((tensor) =>
    addressOf(backend, tensor)
  ) as [
    number,
    number,
    number,
  ];
  const offset = bias === undefined || bias === null ? 0 : addressOf(backend, bias);
  const relu = Number(activation === "relu");
  if (count === 1 && transposeA && !transposeB && offset === 0 && relu === 0) {
    productOverRows(simd, k, [m, n], [aAddress, bAddress, cAddress]);
    return out;
  }
  const stepA = matricesA === 1 ? 0 : m * k * bytes, stepB = matricesB === 1 ? 0 : k * n * bytes;
  // The rows of a transposed A are not contiguous.
  const work = count * m * n * k;
  const pieces = transposeA ? 1 : Math.ceil(simd.pieces(work, PACK_WORK * n * k) / count);
  const rows = ranges(m, pieces);
  const { wide } = simd;
  const calls = ranges(count, count).flatMap(({ first: matrix }) =>
    rows.map((range) =>
      [
        ...[wide, Number(transposeA), Number(transposeB), range.count, n, k] as const,
        aAddress + matrix * stepA + range.first * k * bytes,
        bAddress + matrix * stepB,
        ...[offset, 0, relu, cAddress + (matrix * m + range.first) * n * bytes] as const,
      ] as const
    )
  );
  simd.runWithScratch("gemm", simd.kernels.gemmScratch(n, k), calls, work);
  return out;
}
