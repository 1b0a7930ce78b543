// By deno task build:layouts from gemm.layout.ts.

/** Terms of a sum that are added up in registers; then they join C. */
export const TERMS: i32 = 256;
