import { activationNumbers } from "../nn/activation_numbers.ts";
import { networkLayout } from "../nn/layout.ts";
import type { Network } from "../nn/network.ts";
import { HEAP_BYTES } from "../runtime/cpu_kernels/guarded_heap.ts";

/** Rows of a batch that are computed together. */
export interface Piece {
  /** Number of its first row. */
  readonly first: number;
  readonly count: number;
}

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/**
 * Vectors as long as the parameters that live beside a batch's activations: the flat weights, their
 * tensors, Adam's moments, the moving average, and the gradient as tensors and flat.
 */
const PARAMETER_VECTORS = 7;
/** An evaluation's activations: rows do not depend on each other, so that no result depends on it. */
const EVALUATION_BYTES = 2 ** 30;

/**
 * Rows of a training batch that are differentiated together: as many as fit the CPU backend's
 * memory if nothing were given back before the end. A function of the network's sizes alone, for
 * a gradient's last bits depend on it: neither the machine, its threads nor its free memory count.
 *
 * @returns Less than 1 where not even one row fits.
 */
export function trainingRows(network: Network): number {
  const parameters = BYTES * PARAMETER_VECTORS * networkLayout(network).size;
  return Math.floor((HEAP_BYTES - parameters) / (BYTES * activationNumbers(network).training));
}

/**
 * Rows that the network is evaluated at together.
 *
 * @returns Less than 1 where not even one row fits.
 */
export function evaluationRows(network: Network): number {
  return Math.floor(EVALUATION_BYTES / (BYTES * activationNumbers(network).evaluation));
}

/** Cuts rows into as few pieces of at most `most` rows as there can be, about equal. */
export function piecesOf(rows: number, most: number): Piece[] {
  const count = Math.max(1, Math.ceil(rows / Math.max(1, most)));
  return Array.from({ length: count }, (_, piece) => {
    const first = Math.floor(rows * piece / count);
    return { first, count: Math.floor(rows * (piece + 1) / count) - first };
  });
}
