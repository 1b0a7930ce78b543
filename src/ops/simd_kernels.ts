import type { Argument, KernelCall } from "../threads/kernel_crew.ts";

/** The kernels in AssemblyScript, on the memory of tfjs's instance; addresses are bytes of it, flags 0 or 1. */
export interface SimdKernels {
  /** out = the sum of squares of x. */
  sumOfSquares(count: number, x: number, out: number): void;
  /** A step of Adam and of the weights' moving average; see adam.as.ts. */
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
  /** Numbers of scratch that {@link gemm} needs. */
  gemmScratch(n: number, k: number): number;
  /** C[m, n] = A[m, k] B[k, n] + bias + residual; see gemm.as.ts. */
  gemm(
    wide: number,
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    a: number,
    b: number,
    bias: number,
    residual: number,
    relu: number,
    c: number,
    scratch: number,
  ): void;
  /** Numbers of scratch that {@link conv} and {@link convFilterGradient} need. */
  convScratch(taps: number, cout: number): number;
  /** A convolution of any size and stride; see conv.as.ts. */
  conv(
    ...call: [
      wide: number,
      ...ConvSizes,
      x: number,
      filter: number,
      bias: number,
      relu: number,
      y: number,
      scratch: number,
    ]
  ): void;
  /** Numbers of scratch that {@link convNarrow} needs. */
  convNarrowScratch(pixels: number, cin: number, products: number): number;
  /** {@link conv} to few channels, with stride 1; see conv.as.ts. */
  convNarrow(
    wide: number,
    n: number,
    h: number,
    w: number,
    cin: number,
    kh: number,
    kw: number,
    oh: number,
    ow: number,
    cout: number,
    ph: number,
    pw: number,
    x: number,
    filter: number,
    bias: number,
    relu: number,
    y: number,
    scratch: number,
  ): void;
  /** Its gradient for the filter; see conv.as.ts. */
  convFilterGradient(
    ...call: [wide: number, ...ConvSizes, x: number, dy: number, dw: number, scratch: number]
  ): void;
  /** to += x, through ReLU. */
  addTo(count: number, x: number, relu: number, to: number): void;
  /** Copies runs of bytes. */
  copyRuns(
    count: number,
    bytes: number,
    from: number,
    fromStep: number,
    to: number,
    toStep: number,
  ): void;
  /** out = exp(x). */
  expOf(count: number, x: number, out: number): void;
  /** out = 1 / (1 + exp(-x)). */
  sigmoidOf(count: number, x: number, out: number, constants: number): void;
  /** Normalisation of groups of four channels, and a SiLU; see group_norm_silu.as.ts. */
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
  /** Its pull-back; see group_norm_silu.as.ts. */
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
  /** dx = dy where y > 0, else 0, and its sums over the middle axis; see elementwise.as.ts. */
  reluGradient(
    outer: number,
    count: number,
    inner: number,
    dy: number,
    y: number,
    dx: number,
    sums: number,
    scratch: number,
  ): void;
  /** out = a + b. */
  addOf(count: number, a: number, b: number, out: number): void;
  /** Sums over 2x2 pixels; see elementwise.as.ts. */
  sumOfFour(
    rows: number,
    width: number,
    c: number,
    scale: number,
    x: number,
    out: number,
  ): void;
  /** Each pixel four times; see elementwise.as.ts. */
  fourTimes(
    rows: number,
    width: number,
    c: number,
    scale: number,
    x: number,
    out: number,
  ): void;
  /** Sums over the middle axis; see elementwise.as.ts. */
  sumMiddle(
    outer: number,
    count: number,
    inner: number,
    scale: number,
    x: number,
    out: number,
    totals: number,
  ): void;
  /** Sums over the last axis; see elementwise.as.ts. */
  sumLast(outer: number, count: number, scale: number, x: number, out: number): void;
  /** Numbers of scratch that {@link winograd} and {@link winogradFilterGradient} need. */
  winogradScratch(cin: number, cout: number): number;
  /** Bytes of what {@link winogradFilter} makes. */
  winogradFilterBytes(cin: number, cout: number): number;
  /** A filter as {@link winograd} takes it, or a part of it; see winograd.as.ts. */
  winogradFilter(
    first: number,
    count: number,
    cin: number,
    cout: number,
    filter: number,
    turn: number,
    u: number,
    scratch: number,
  ): void;
  /** A convolution of 3x3 that keeps the size; see winograd.as.ts. */
  winograd(
    wide: number,
    n: number,
    h: number,
    w: number,
    cin: number,
    cout: number,
    x: number,
    u: number,
    bias: number,
    residual: number,
    relu: number,
    y: number,
    scratch: number,
  ): void;
  /** Its gradient for the filter; see winograd.as.ts. */
  winogradFilterGradient(
    wide: number,
    n: number,
    h: number,
    w: number,
    cin: number,
    cout: number,
    x: number,
    dy: number,
    dw: number,
    scratch: number,
  ): void;
}

type ConvSizes = [
  n: number,
  h: number,
  w: number,
  cin: number,
  kh: number,
  kw: number,
  oh: number,
  ow: number,
  cout: number,
  sh: number,
  sw: number,
  ph: number,
  pw: number,
];

/** A kernel's parameters, any of which may lie in the thread's own memory. */
type ArgumentsFor<Values extends number[]> = { [At in keyof Values]: Argument };

/** A kernel's call in a chain. */
export function kernelCall<Name extends keyof SimdKernels>(
  name: Name,
  ...values: ArgumentsFor<Parameters<SimdKernels[Name]>>
): KernelCall {
  return { name, values };
}

/** A kernel's arguments without the last. */
export type ScratchlessArguments<Name extends keyof SimdKernels> =
  Parameters<SimdKernels[Name]> extends [...infer Before extends number[], number] ? Before : never;
