import { activationNumbers, MAX_EVALUATION_BYTES } from "../nn/activation_numbers.ts";
import type { Network } from "../nn/network.ts";
import { HEAP_BYTES } from "../threads/guarded_heap.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/**
 * Parameter-sized vectors held beside a batch's activations: the flat weights, their tensors,
 * Adam's moments, the moving average, the gradient, and a layer's partial gradients before they
 * are summed.
 */
const PARAMETER_VECTORS = 10;

/**
 * Rows of a training batch that are differentiated together: as many as fit the CPU backend's
 * memory if nothing is freed before the end. Depends on the network's sizes alone, not on the
 * machine, its threads or free memory, because the gradient's last bits depend on the split.
 *
 * @returns Less than 1 if not even one row fits.
 */
export function trainingRows(network: Network): number {
  const parameters = BYTES * PARAMETER_VECTORS * network.layout.size;
  return Math.floor((HEAP_BYTES - parameters) / (BYTES * activationNumbers(network).training));
}

/** Rows per network evaluation; results do not depend on it. */
export function evaluationRows(network: Network): number {
  const bytes = BYTES * activationNumbers(network).evaluation;
  return Math.max(1, Math.floor(MAX_EVALUATION_BYTES / bytes));
}
