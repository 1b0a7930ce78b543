import type { FlagParametersForType } from "@stricli/core";
import { wholeNumber } from "./parsers.ts";

/** Where to compute. */
export interface DeviceOptions {
  readonly backend?: "auto" | "webgpu" | "cpu";
  readonly threads?: number;
  readonly portableBits?: boolean;
}

/** `--backend`, `--threads`, `--portable-bits`. */
export const deviceOptions: FlagParametersForType<DeviceOptions> = {
  backend: {
    kind: "enum",
    values: ["auto", "webgpu", "cpu"],
    optional: true,
    brief: "where to compute (default auto; doctor says what that means here)",
  },
  threads: {
    kind: "parsed",
    parse: wholeNumber(1, "1"),
    optional: true,
    placeholder: "N",
    brief: "threads of the CPU backend (default: as many as the machine has cores)",
  },
  portableBits: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "the same bits on every machine: CPU backend without fused multiply-adds, slower",
  },
};
