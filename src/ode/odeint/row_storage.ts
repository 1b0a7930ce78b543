import * as tf from "../../core/tfjs/library.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { webgpuName } from "../../backends/webgpu_name.ts";
import { type HostRows, hostSpace } from "../engines/portable/host_rows.ts";
import { onHost, toTensor } from "../engines/portable/tensor_field.ts";
import { tensorSpace } from "../engines/portable/tensor_rows.ts";
import type { DifferentiableField } from "../field.ts";
import type { RowSpace } from "../solver/rows.ts";

/** Where the state of a tensor solve is stored between evaluations. */
export interface RowStorage<Rows> {
  readonly space: RowSpace<Rows>;
  /** Adapts a field over tensors to these rows. */
  field(field: DifferentiableField<Tensor2D, Tensor1D>): DifferentiableField<Rows, Tensor1D>;
  /** Copies a tensor into rows. */
  fromTensor(tensor: Tensor2D): Promise<Rows>;
  /** Copies rows into a tensor. */
  toTensor(rows: Rows): Tensor2D;
}

/** float64 on the host, for backends with synchronous read-back. */
export const hostStorage: RowStorage<HostRows> = {
  space: hostSpace,
  field: onHost,
  async fromTensor(tensor) {
    const [count, width] = tensor.shape;
    return { data: Float64Array.from(await tensor.data()), count, width };
  },
  toTensor,
};

/** Tensors, for backends where a read-back waits for the device. */
export const tensorStorage: RowStorage<Tensor2D> = {
  space: tensorSpace,
  field: (field) => field,
  fromTensor: (tensor) => Promise.resolve(tf.clone(tensor)),
  toTensor: (rows) => tf.clone(rows),
};

/** tfjs backends with tensors on a GPU. */
const GPU_BACKENDS: readonly string[] = [webgpuName, "webgpu", "webgl"];

/** Whether tensors of the current backend can be read without waiting for a device. */
export function hasSynchronousReads(): boolean {
  return !GPU_BACKENDS.includes(tf.getBackend());
}
