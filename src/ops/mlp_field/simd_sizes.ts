import { planeCounts, planeSizes } from "./net.layout.ts";

/**
 * Memory sizes of the fused ConditionalMLP in bytes, in float64, which is exact up to 2^53, where
 * the module's 32-bit addresses would wrap. The sizes are compared with the available memory before
 * anything is laid out; the module computes them again and traps if they differ.
 */

/** Shape of a ConditionalMLP for the fused kernel. */
export interface FusedMlpShape {
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the hidden layers. */
  readonly hidden: number;
  /** Number of directions: dims for unit vectors, 1 for probes, 0 without a trace. */
  readonly directions: number;
  /** Whether the directions are one probe per row. */
  readonly probed: boolean;
}

const { LANE_BYTES, OUTER_BYTES, PANEL_BYTES, PLANE_GAP_BYTES, TANH_BYTES } = planeSizes.values;
const { LANES } = planeCounts.values;

/** Stride of the hidden layers' planes, in bytes. */
export function planeBytes({ hidden }: FusedMlpShape): number {
  return hidden * LANE_BYTES + PLANE_GAP_BYTES;
}

/** Number of planes for a tile's activations. */
export function activationPlanes({ directions }: FusedMlpShape): number {
  return 3 + 2 * directions;
}

/** Number of planes that the VJP of a stage leaves for the outer products. */
export function stagePlanes({ directions }: FusedMlpShape): number {
  return 5 + 4 * directions;
}

/** Scratch bytes for the outer products of `pairs` pairs of planes. */
export function productBytes({ hidden }: FusedMlpShape, pairs: number): number {
  const panels = Math.ceil(4 * hidden / PANEL_BYTES);
  return OUTER_BYTES + pairs * LANES * (panels * PANEL_BYTES + 4);
}

/** Bytes of the row sums that are still spread over lanes. */
export function lanesBytes(shape: FusedMlpShape): number {
  return (3 + 2 * shape.dims) * planeBytes(shape) + shape.dims * LANE_BYTES;
}

/** Bytes derived from the parameters: constants, directions, zeros, packed matrices. */
export function preparedBytes(shape: FusedMlpShape): number {
  const { dims, hidden, directions } = shape;
  const planes = 2 * directions * planeBytes(shape);
  const matrices = 2 * (2 * dims + 2 * hidden) * hidden * 4;
  return TANH_BYTES + planes + Math.max(dims, hidden) * 4 + matrices + 64;
}

/** Length of the flat parameter vector. */
export function parameterCount({ dims, hidden }: FusedMlpShape): number {
  return (dims + 1) * hidden + 2 * (hidden + 1) * hidden + (hidden + 1) * dims;
}
