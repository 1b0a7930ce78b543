import { constants } from "../../core/wasm/record_layout.ts";

/** Sizes of the data that exp.part.as.ts keeps in memory. */
export const expSizes = constants("size", {
  SIGMOID_CONSTANTS: [64, "Bytes of the constants of `sigmoid`."],
});
