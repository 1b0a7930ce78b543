import { constants } from "../../core/wasm/record_layout.ts";

/** Sizes in the layout of conv.as.ts's scratch memory. */
export const convSizes = constants("i32", {
  BLOCK_NUMBERS: [60_000, "Numbers in a block of unfolded input: a part of a core's L2 cache."],
  BLOCK_PIXELS: [510, "Maximum number of pixels in a block."],
});
