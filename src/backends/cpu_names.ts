import type { SimdChoice } from "../threads/simd_module.ts";

/** tfjs name and human-readable description of the WebAssembly backend for each kernel build. */
export const cpuNames = {
  fastest: { tfName: "fluxion-cpu", description: "WebAssembly SIMD on the CPU" },
  plain: {
    tfName: "fluxion-cpu-plain",
    description: "WebAssembly SIMD on the CPU, with the same bits on every machine",
  },
} as const satisfies Record<SimdChoice, unknown>;
