import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { type HostRows, hostSpace } from "../engines/portable/host_rows.ts";
import { onHost, toTensor } from "../engines/portable/tensor_field.ts";
import { tensorSpace } from "../engines/portable/tensor_rows.ts";
import type { DifferentiableField } from "../field.ts";
import type { RowSpace } from "../solver/rows.ts";

/** How the state of a tensor solve is stored between evaluations. */
export interface RowsHome<Rows> {
  readonly space: RowSpace<Rows>;
  /** A field of tensors as one of these rows. */
  field(field: DifferentiableField<Tensor2D, Tensor1D>): DifferentiableField<Rows, Tensor1D>;
  /** Copies a tensor into rows. */
  fromTensor(tensor: Tensor2D): Promise<Rows>;
  /** Copies rows into a tensor. */
  toTensor(rows: Rows): Tensor2D;
}

/** float64 on the host, for backends whose tensors are read without waiting. */
export const hostHome: RowsHome<HostRows> = {
  space: hostSpace,
  field: onHost,
  async fromTensor(tensor) {
    const [count, width] = tensor.shape;
    return { data: Float64Array.from(await tensor.data()), count, width };
  },
  toTensor,
};

/** Tensors, for backends where a read-back waits for the device. */
export const tensorHome: RowsHome<Tensor2D> = {
  space: tensorSpace,
  field: (field) => field,
  fromTensor: (tensor) => Promise.resolve(tf.clone(tensor)),
  toTensor: (rows) => tf.clone(rows),
};

/** Backends of tfjs whose tensors live on a GPU. */
const GPU_BACKENDS = ["webgpu", "webgl"];

/** Whether the current backend's tensors can be read at once. */
export function isReadFree(): boolean {
  return !GPU_BACKENDS.includes(tf.getBackend());
}
