import { constants } from "../../core/wasm/record_layout.ts";

/** Sizes by which conv.as.ts lays its scratch memory out. */
export const convSizes = constants("i32", {
  BLOCK_NUMBERS: [60_000, "Numbers of a block of unfolded input: a part of a core's second cache."],
  BLOCK_PIXELS: [510, "Pixels of a block at most."],
});
