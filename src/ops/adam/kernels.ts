import type { KernelModule } from "../../threads/kernel_threads.ts";
import {
  adamScales,
  type AdamStepSettings,
  BETA1,
  BETA2,
  CLIP_EPSILON,
  EPSILON,
} from "./contract.ts";
import adamWasm from "./adam.wasm.b64" with { type: "text" };

/** The kernels of adam.as.ts; addresses are byte offsets in the memory of tfjs's instance. */
export interface AdamKernels {
  /** out = the sum of squares of x. */
  sumOfSquares(count: number, x: number, out: number): void;
  /** An Adam step including the weights' moving average; see adam.as.ts. */
  adam(
    count: number,
    weights: number,
    gradient: number,
    firstMoment: number,
    secondMoment: number,
    average: number,
    nextWeights: number,
    nextFirst: number,
    nextSecond: number,
    nextAverage: number,
    squares: number,
    maxNorm: number,
    weightDecay: number,
    secondScale: number,
    rate: number,
    averageDecay: number,
    firstDecay: number,
    secondDecay: number,
    small: number,
    clipSmall: number,
  ): void;
}

/** Addresses of a part of the state; that of the average is 0 if there is none. */
type StateAddresses = Readonly<Record<"weights" | "m" | "v" | "average", number>>;

/** Arguments of the kernel `adam` for `count` numbers: one step of the settings. */
export function adamArguments(
  { count, state, gradient, next, squares }: {
    readonly count: number;
    readonly state: StateAddresses;
    readonly gradient: number;
    /** Where the updated state goes; may be `state`. */
    readonly next: StateAddresses;
    /** Of the sum of squares of the whole gradient, which is read if the settings clip. */
    readonly squares: number;
  },
  settings: AdamStepSettings,
): Parameters<AdamKernels["adam"]> {
  const { clip, weightDecay, averageDecay } = settings;
  const { secondScale, rate } = adamScales(settings);
  return [
    ...[count, state.weights, gradient, state.m, state.v, state.average] as const,
    ...[next.weights, next.m, next.v, next.average, squares] as const,
    ...[clip, weightDecay, secondScale, rate, averageDecay] as const,
    ...[BETA1, BETA2, EPSILON, CLIP_EPSILON] as const,
  ];
}

/** Adam and the gradient norm. They use no fused multiply-add, so one module serves both builds. */
export const adamModule: KernelModule = {
  builds: { relaxed: adamWasm, plain: adamWasm },
  sizes: {},
  signatures: {
    sumOfSquares: { operands: ([count]) => [[1, count!], [2, 1]] },
    adam: {
      reals: [11, 12, 13, 14, 15, 16, 17, 18, 19],
      operands: ([count]) => [
        ...[1, 2, 3, 4, 6, 7, 8].map((place) => [place, count!] as const),
        [5, count!, "optional"],
        [9, count!, "optional"],
        [10, 1],
      ],
    },
  },
};
