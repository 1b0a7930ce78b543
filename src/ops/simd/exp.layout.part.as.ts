// By deno task build:layouts from exp.layout.ts.

/** Bytes of the constants of `sigmoid`. */
export const SIGMOID_CONSTANTS: usize = 64;
