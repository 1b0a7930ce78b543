// By deno task build:layouts from gemm.layout.ts.

/** Terms of a sum that are added in registers before they join C. */
export const TERMS: i32 = 256;
