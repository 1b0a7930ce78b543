import { constants } from "../../core/wasm/record_layout.ts";

/** Sizes by which gemm.as.ts lays its scratch memory out. */
export const gemmSizes = constants("i32", {
  TERMS: [256, "Terms of a sum that are added up in registers; then they join C."],
});
