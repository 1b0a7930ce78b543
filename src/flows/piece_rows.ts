import { activationNumbers, MAX_EVALUATION_BYTES } from "../nn/activation_numbers.ts";
import type { Network } from "../nn/network.ts";
import { HEAP_BYTES } from "../threads/guarded_heap.ts";
import * as tf from "../core/tfjs/library.ts";
import { hasTensors } from "../core/tfjs/on_demand.ts";
import { webgpuName } from "../backends/webgpu_name.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/**
 * Parameter-sized vectors held beside a batch's activations: the flat weights, their tensors,
 * Adam's moments, the moving average, the gradient, and a layer's partial gradients before they
 * are summed.
 */
const PARAMETER_VECTORS = 10;

/**
 * Bytes per tensor on a GPU: what every WebGPU device can bind. Not the device's own limit, so that gradients are cut
 * alike on all.
 */
const GPU_TENSOR_BYTES = 2 ** 27;

/** Rows whose largest tensor a GPU can bind, if tfjs's current backend is one. */
function bindableRows({ layout, image, rowWidth }: Network): number {
  if (!hasTensors() || tf.getBackend() !== webgpuName) return Infinity;
  const pixels = image === undefined ? 1 : image.height * image.width;
  // An overestimate where a layer runs at a lower resolution.
  const widths = layout.entries.map(({ deviceShape }) =>
    Math.max(...deviceShape.slice(-2)) * (deviceShape.length > 2 ? pixels : 1)
  );
  const most = widths.reduce((largest, width) => Math.max(largest, width), rowWidth);
  return Math.floor(GPU_TENSOR_BYTES / (BYTES * most));
}

/**
 * Rows of a training batch that are differentiated together: as many as fit the CPU backend's
 * memory if nothing is freed before the end; on a GPU also so many that it can bind the tensors.
 * Depends on the network's sizes and the kind of tfjs's current backend alone, not on the machine, its
 * threads or free memory, because the gradient's last bits depend on the split.
 *
 * @returns Less than 1 if not even one row fits.
 */
export function trainingRows(network: Network): number {
  const parameters = BYTES * PARAMETER_VECTORS * network.layout.size;
  const fitting = (HEAP_BYTES - parameters) / (BYTES * activationNumbers(network).training);
  return Math.min(Math.floor(fitting), bindableRows(network));
}

/** Rows per network evaluation on tfjs's current backend; results do not depend on it. */
export function evaluationRows(network: Network): number {
  const bytes = BYTES * activationNumbers(network).evaluation;
  return Math.max(1, Math.min(Math.floor(MAX_EVALUATION_BYTES / bytes), bindableRows(network)));
}
