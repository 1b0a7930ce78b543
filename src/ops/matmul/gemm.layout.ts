import { constants } from "../../core/wasm/record_layout.ts";

/** Sizes in the layout of gemm.as.ts's scratch memory. */
export const gemmSizes = constants("i32", {
  TERMS: [256, "Terms of a sum that are added in registers before they join C."],
});
