import { planeSizes } from "./net.layout.ts";

/**
 * Bytes of what the fused ConditionalMLP keeps in memory, in float64: whole numbers are exact
 * up to 2^53, where the module's addresses wrap at 2^32. Nothing is laid out for the module before
 * these were compared with the memory that there is; it counts again and stops where it differs.
 */

/** A ConditionalMLP as the fused kernel takes it. */
export interface FusedMlpShape {
  /** Dimension of the points. */
  readonly dims: number;
  /** Width of the network. */
  readonly hidden: number;
  /** Directions of the trace: dims with unit vectors, 1 with probes, 0 without a trace. */
  readonly directions: number;
  /** Whether the directions are one probe per row. */
  readonly probed: boolean;
}

const { LANE_BYTES, PLANE_GAP_BYTES, TANH_BYTES } = planeSizes.values;

/** Bytes from one plane of the hidden layers to the next. */
export function pLANE_BYTES({ hidden }: FusedMlpShape): number {
  return hidden * LANE_BYTES + PLANE_GAP_BYTES;
}

/** Planes of a tile's activations. */
export function activationPlanes({ directions }: FusedMlpShape): number {
  return 3 + 2 * directions;
}

/** Planes that the pull-back of a stage leaves for the outer products. */
export function stagePlanes({ directions }: FusedMlpShape): number {
  return 5 + 4 * directions;
}

/** Bytes of the sums over rows that wait in lanes. */
export function lanesBytes(shape: FusedMlpShape): number {
  return (3 + 2 * shape.dims) * pLANE_BYTES(shape) + shape.dims * LANE_BYTES;
}

/** Bytes of what is prepared of the parameters: constants, directions, zeros, packed matrices. */
export function preparedBytes(shape: FusedMlpShape): number {
  const { dims, hidden, directions } = shape;
  const planes = 2 * directions * pLANE_BYTES(shape);
  const matrices = 2 * (2 * dims + 2 * hidden) * hidden * 4;
  return TANH_BYTES + planes + Math.max(dims, hidden) * 4 + matrices + 64;
}

/** Length of the flat parameter vector. */
export function parameterCount({ dims, hidden }: FusedMlpShape): number {
  return (dims + 1) * hidden + 2 * (hidden + 1) * hidden + (hidden + 1) * dims;
}
