// By deno task build:layouts from net.layout.ts.

/** A ConditionalMLP in memory. The caller sets its sizes, `prepare` its addresses. */
@unmanaged
export class Net {
  /** Dimension of the points. */
  dims: i32;
  /** Width of the hidden layers. */
  hidden: i32;
  /** Directions of the trace: dims unit vectors, 1 probe, or 0 without a trace. */
  directions: i32;
  /** 1 if the directions are one probe per row. */
  probed: i32;
  /** 1: wide register tiles, with the same bits. */
  wide: i32;
  /** W0, packed for x W; W1 to W3 follow. */
  w0: usize;
  /** W1. */
  w1: usize;
  /** W2. */
  w2: usize;
  /** W3. */
  w3: usize;
  /** Packed for x W^T: W3; then W0, W1 and W2. */
  w0t: usize;
  /** W0^T. */
  w1t: usize;
  /** W1^T. */
  w2t: usize;
  /** W2^T. */
  w3t: usize;
  /** Biases, [hidden]. */
  b0: usize;
  /** [hidden]. */
  b1: usize;
  /** [hidden]. */
  b2: usize;
  /** [dims]. */
  b3: usize;
  /** Zeros, as many as the largest bias has numbers. */
  zeros: usize;
  /** Planes e W0 of all unit vectors, then planes W3 e. */
  unitDirections: usize;
  /** What `writeTanhConstants` wrote. */
  tanhConstants: usize;
}

/** Rows of a tile: the lanes of two vectors. */
export const LANES: i32 = 8;
/** Dimensions from which the gradients of the first and the last layer can be products over panels. */
export const NARROW_PANEL_DIMS: i32 = 8;

/** Bytes per feature of a plane. */
export const LANE_BYTES: usize = 32;
/** Padding between planes of the hidden layers. Without this cache line, all planes of widths such as 64 and 128 would map to the same few sets of the L1 cache. */
export const PLANE_GAP_BYTES: usize = 64;
/** Bytes of the constants of tanh. */
export const TANH_BYTES: usize = 64;
/** Scratch bytes of outer products. */
export const OUTER_BYTES: usize = 384;
/** Bytes per pair of addresses in a list of outer products. */
export const PAIR_BYTES: usize = 8;
/** Bytes per row of a panel: sixteen features. */
export const PANEL_BYTES: usize = 64;
