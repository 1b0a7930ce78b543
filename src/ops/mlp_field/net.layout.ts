import { constants, recordLayout } from "../../core/wasm/record_layout.ts";

/** A ConditionalMLP in memory. */
export const netLayout = recordLayout({
  name: "Net",
  about: "A ConditionalMLP in memory. The caller sets its sizes, `prepare` its addresses.",
}, {
  dims: ["i32", "Dimension of the points."],
  hidden: ["i32", "Width of the hidden layers."],
  directions: ["i32", "Directions of the trace: dims unit vectors, 1 probe, or 0 without a trace."],
  probed: ["i32", "1 if the directions are one probe per row."],
  wide: ["i32", "1: wide register tiles, with the same bits."],
  w0: ["address", "W0, packed for x W; W1 to W3 follow."],
  w1: ["address", "W1."],
  w2: ["address", "W2."],
  w3: ["address", "W3."],
  w0t: ["address", "Packed for x W^T: W3; then W0, W1 and W2."],
  w1t: ["address", "W0^T."],
  w2t: ["address", "W1^T."],
  w3t: ["address", "W2^T."],
  b0: ["address", "Biases, [hidden]."],
  b1: ["address", "[hidden]."],
  b2: ["address", "[hidden]."],
  b3: ["address", "[dims]."],
  zeros: ["address", "Zeros, as many as the largest bias has numbers."],
  unitDirections: ["address", "Planes e W0 of all unit vectors, then planes W3 e."],
  tanhConstants: ["address", "What `writeTanhConstants` wrote."],
});

/** Sizes of planes: features of eight rows, [features][8] float32. */
export const planeSizes = constants("size", {
  LANE_BYTES: [32, "Bytes per feature of a plane."],
  PLANE_GAP_BYTES: [
    64,
    "Padding between planes of the hidden layers. Without this cache line, all planes of widths " +
    "such as 64 and 128 would map to the same few sets of the L1 cache.",
  ],
  TANH_BYTES: [64, "Bytes of the constants of tanh."],
  OUTER_BYTES: [384, "Scratch bytes of outer products."],
  PAIR_BYTES: [8, "Bytes per pair of addresses in a list of outer products."],
  PANEL_BYTES: [64, "Bytes per row of a panel: sixteen features."],
});

/** Counts of the kernel. */
export const planeCounts = constants("i32", {
  LANES: [8, "Rows of a tile: the lanes of two vectors."],
  NARROW_PANEL_DIMS: [
    8,
    "Dimensions from which the gradients of the first and the last layer can be products over panels.",
  ],
});
