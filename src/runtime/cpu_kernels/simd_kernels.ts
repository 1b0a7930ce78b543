import type * as tf from "@tensorflow/tfjs";
import { type SimdBuilds, type SimdChoice, simdModule } from "../simd/simd_module.ts";
import type { WasmBackend } from "./wasm.ts";
import convPlain from "./conv.plain.wasm" with { type: "bytes" };
import convRelaxed from "./conv.relaxed.wasm" with { type: "bytes" };
import elementwisePlain from "./elementwise.plain.wasm" with { type: "bytes" };
import elementwiseRelaxed from "./elementwise.relaxed.wasm" with { type: "bytes" };
import gemmPlain from "./gemm.plain.wasm" with { type: "bytes" };
import gemmRelaxed from "./gemm.relaxed.wasm" with { type: "bytes" };
import groupNormPlain from "./group_norm_silu.plain.wasm" with { type: "bytes" };
import groupNormRelaxed from "./group_norm_silu.relaxed.wasm" with { type: "bytes" };
import winogradPlain from "./winograd.plain.wasm" with { type: "bytes" };
import winogradRelaxed from "./winograd.relaxed.wasm" with { type: "bytes" };

/** The kernels in AssemblyScript, on the memory of tfjs's instance; addresses are bytes of it, flags 0 or 1. */
export interface SimdKernels {
  /** Numbers of scratch that {@link gemm} needs. */
  gemmScratch(n: number, k: number): number;
  /** C[m, n] = A[m, k] B[k, n] + bias + residual; see gemm.as.ts. */
  gemm(
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
    ...call: [...ConvSizes, x: number, dy: number, dw: number, scratch: number]
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
  /** out = dy where y > 0, else 0. */
  reluGradient(count: number, dy: number, y: number, out: number): void;
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
  /** A convolution of 3x3 that keeps the size; see winograd.as.ts. */
  winograd(
    n: number,
    h: number,
    w: number,
    cin: number,
    cout: number,
    x: number,
    filter: number,
    turn: number,
    bias: number,
    residual: number,
    relu: number,
    y: number,
    scratch: number,
  ): void;
  /** Its gradient for the filter; see winograd.as.ts. */
  winogradFilterGradient(
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

/** Instantiates the kernels on a backend's memory. */
export function openSimdKernels(backend: WasmBackend, choice: SimdChoice): SimdKernels {
  const builds: readonly SimdBuilds[] = [
    { relaxed: gemmRelaxed, plain: gemmPlain },
    { relaxed: convRelaxed, plain: convPlain },
    { relaxed: elementwiseRelaxed, plain: elementwisePlain },
    { relaxed: groupNormRelaxed, plain: groupNormPlain },
    { relaxed: winogradRelaxed, plain: winogradPlain },
  ];
  const { memory } = backend.wasm.asm;
  const kernels = builds.map((build) =>
    new WebAssembly.Instance(simdModule(build, choice), { env: { memory } }).exports
  );
  return Object.assign({}, ...kernels) as SimdKernels;
}

/** Where a tensor's numbers begin, in bytes of the memory. */
export function addressOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** Calls `use` with the address of memory for some numbers, which is given back after. */
export function withScratch<T>(
  backend: WasmBackend,
  numbers: number,
  use: (address: number) => T,
): T {
  const scratch = backend.makeOutput([numbers], "float32");
  try {
    return use(addressOf(backend, scratch));
  } finally {
    backend.disposeData(scratch.dataId);
  }
}
