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
const { LANES, NARROW_PANEL_DIMS } = planeCounts.values;

/** Stride of the hidden layers' planes, in bytes. */
export function planeBytes({ hidden }: FusedMlpShape): number {
  return hidden * LANE_BYTES + PLANE_GAP_BYTES;
}

/** Number of planes for a tile's activations. */
export function activationPlanes({ directions }: FusedMlpShape): number {
  return 3 + 2 * directions;
}

/** Number of planes that the VJP of a stage leaves for the outer products. */
function stagePlanes(shape: FusedMlpShape): number {
  const narrow = !hasNarrowPanels(shape) ? 0 : shape.probed ? 3 : 1;
  return 5 + 4 * shape.directions + narrow;
}

/** Whether the gradients of the first and the last layer are products over panels. */
function hasNarrowPanels({ dims, directions }: FusedMlpShape): boolean {
  return dims >= NARROW_PANEL_DIMS && directions < dims;
}

/** Bytes that the VJP of a stage leaves for the outer products. */
export function stageBytes(shape: FusedMlpShape): number {
  const planes = stagePlanes(shape) * planeBytes(shape);
  if (!hasNarrowPanels(shape)) return planes;
  return planes + (shape.probed ? 3 : 2) * 2 * Math.ceil(shape.dims / 2) * LANE_BYTES;
}

/** Outer products of a stage for a hidden layer, and for the first or the last one. */
export function productsOf(
  shape: FusedMlpShape,
): { readonly hidden: number; readonly narrow: number } {
  const narrow = !hasNarrowPanels(shape) ? 0 : shape.probed ? 2 : 1;
  return { hidden: 1 + shape.directions, narrow };
}

/** Scratch bytes for the outer products of `stages` stages. */
export function productBytes(shape: FusedMlpShape, stages: number): number {
  const bytes = (size: number, pairs: number) =>
    OUTER_BYTES + pairs * LANES * (Math.ceil(4 * size / PANEL_BYTES) * PANEL_BYTES + 4);
  const { dims, hidden } = shape, products = productsOf(shape);
  return Math.max(
    bytes(hidden, stages * products.hidden),
    bytes(Math.max(dims, hidden), stages * products.narrow),
  );
}

/** Bytes of the row sums that are still spread over lanes. */
export function lanesBytes(shape: FusedMlpShape): number {
  const narrow = hasNarrowPanels(shape) ? 0 : 2 * shape.dims;
  return (3 + narrow) * planeBytes(shape) + shape.dims * LANE_BYTES;
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
