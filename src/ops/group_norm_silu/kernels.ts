import type { KernelModule } from "../../threads/kernel_threads.ts";
import { expSizes } from "../simd/exp.layout.ts";
import groupNormRelaxed from "./group_norm_silu.relaxed.wasm.b64" with { type: "text" };
import groupNormPlain from "./group_norm_silu.plain.wasm.b64" with { type: "text" };

/** The kernels of group_norm_silu.as.ts; addresses are byte offsets in tfjs's memory. */
export interface GroupNormSiluKernels {
  /** Group normalisation over four channels, followed by SiLU; see group_norm_silu.as.ts. */
  groupNormSilu(
    n: number,
    area: number,
    c: number,
    x: number,
    scale: number,
    offset: number,
    shift: number,
    y: number,
    mean: number,
    inverseStd: number,
    constants: number,
  ): void;
  /** Its VJP; see group_norm_silu.as.ts. */
  groupNormSiluGradient(
    n: number,
    area: number,
    c: number,
    dy: number,
    x: number,
    scale: number,
    offset: number,
    shift: number,
    mean: number,
    inverseStd: number,
    dx: number,
    dScale: number,
    dOffset: number,
    dShift: number,
    constants: number,
  ): void;
}

/** Scratch size in numbers of both kernels: constants, and four pairs of vectors. */
export const SCRATCH: number = (expSizes.values.SIGMOID_CONSTANTS + 4 * 32) / 4;

/** Group normalisation with SiLU, and its VJP. */
export const groupNormSiluModule: KernelModule = {
  builds: { relaxed: groupNormRelaxed, plain: groupNormPlain },
  sizes: {},
  signatures: {
    groupNormSilu: {
      operands: ([n, area, c]) => [
        [3, n! * area! * c!],
        [4, c!],
        [5, c!],
        [6, n! * c!, "optional"],
        [7, n! * area! * c!],
        [8, n! * c! / 4],
        [9, n! * c! / 4],
        [10, SCRATCH],
      ],
    },
    groupNormSiluGradient: {
      operands: ([n, area, c]) => [
        [3, n! * area! * c!],
        [4, n! * area! * c!],
        [5, c!],
        [6, c!],
        [7, n! * c!, "optional"],
        [8, n! * c! / 4],
        [9, n! * c! / 4],
        [10, n! * area! * c!],
        [11, c!],
        [12, c!],
        [13, n! * c!],
        [14, SCRATCH],
      ],
    },
  },
};
