import { activationNumbers, MOST_EVALUATION_BYTES } from "../nn/activation_numbers.ts";
import type { Network } from "../nn/network.ts";
import { HEAP_BYTES } from "../threads/guarded_heap.ts";

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/**
 * Vectors as long as the parameters that live beside a batch's activations: the flat weights, their
 * tensors, Adam's moments, the moving average, the gradient, and the parts of a layer's before they
 * are added up.
 */
const PARAMETER_VECTORS = 10;

/**
 * Rows of a training batch that are differentiated together: as many as fit the CPU backend's
 * memory if nothing were given back before the end. A function of the network's sizes alone, for
 * a gradient's last bits depend on it: neither the machine, its threads nor its free memory count.
 *
 * @returns Less than 1 where not even one row fits.
 */
export function trainingRows(network: Network): number {
  const parameters = BYTES * PARAMETER_VECTORS * network.layout.size;
  return Math.floor((HEAP_BYTES - parameters) / (BYTES * activationNumbers(network).training));
}

/** Rows that the network is evaluated at together; no result depends on it. */
export function evaluationRows(network: Network): number {
  const bytes = BYTES * activationNumbers(network).evaluation;
  return Math.max(1, Math.floor(MOST_EVALUATION_BYTES / bytes));
}
