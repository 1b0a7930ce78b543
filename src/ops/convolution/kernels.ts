import type { KernelModule } from "../../threads/kernel_threads.ts";
import { convSizes } from "./conv.layout.ts";
import { winogradCounts, winogradSizes } from "./winograd.layout.ts";
import { paddedColumns, TILE_COLUMNS, TILE_ROWS } from "../simd/tile_sizes.ts";
import convRelaxed from "./conv.relaxed.wasm.b64" with { type: "text" };
import convPlain from "./conv.plain.wasm.b64" with { type: "text" };
import winogradRelaxed from "./winograd.relaxed.wasm.b64" with { type: "text" };
import winogradPlain from "./winograd.plain.wasm.b64" with { type: "text" };

/**
 * The kernels of conv.as.ts and winograd.as.ts; addresses are byte offsets in tfjs's memory, flags
 * 0 or 1.
 */
export interface ConvolutionKernels {
  /** Scratch size in numbers for {@link conv} and {@link convFilterGradient}. */
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
  /** Scratch size in numbers for {@link convNarrow}. */
  convNarrowScratch(pixels: number, cin: number, products: number): number;
  /** {@link conv} with few output channels and stride 1; see conv.as.ts. */
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
  /** Its gradient with respect to the filter; see conv.as.ts. */
  convFilterGradient(
    ...call: [wide: number, ...ConvSizes, x: number, dy: number, dw: number, scratch: number]
  ): void;
  /** Scratch size in numbers for {@link winograd} and {@link winogradFilterGradient}. */
  winogradScratch(cin: number, cout: number): number;
  /** Size in bytes of the output of {@link winogradFilter}. */
  winogradFilterBytes(cin: number, cout: number): number;
  /** Transforms a filter, or part of it, for {@link winograd}; see winograd.as.ts. */
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
  /** A same-size 3x3 convolution; see winograd.as.ts. */
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
  /** Its gradient with respect to the filter; see winograd.as.ts. */
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

const { BLOCK_NUMBERS, BLOCK_PIXELS } = convSizes.values;
const { BLOCK_BYTES } = winogradCounts.values;
const { CONSTANTS, PIECE, FILTER_SCRATCH_BYTES } = winogradSizes.values;
/** Scratch size in numbers of {@link ConvolutionKernels.winogradFilter}. */
export const FILTER_SCRATCH: number = FILTER_SCRATCH_BYTES / 4;

/** Unused numbers read past the end of an input, since a short run is loaded as one vector. */
const BEYOND = 4;

/** Scratch size in numbers; as in conv.as.ts. */
function convScratch(taps: number, cout: number): number {
  const block = Math.floor(Math.min(BLOCK_PIXELS, Math.floor(BLOCK_NUMBERS / taps)) / TILE_ROWS) *
    TILE_ROWS;
  const out = paddedColumns(cout), pixels = Math.max(TILE_ROWS, block);
  return out + TILE_ROWS * TILE_COLUMNS + Math.max(taps, pixels) * out + pixels * taps + 4;
}

/** Scratch size in numbers; as in conv.as.ts. */
function convNarrowScratch(pixels: number, cin: number, products: number): number {
  return paddedColumns(products) + (pixels + cin) * paddedColumns(products);
}

/** Scratch size in numbers; as in winograd.as.ts. */
function winogradScratch(cin: number, cout: number): number {
  const out = paddedColumns(cout), filterBytes = 36 * 4 * cin * out;
  const bytes = Math.max(BLOCK_BYTES, Math.floor(filterBytes / 3) * 4);
  const rows = Math.floor(Math.floor(bytes / (36 * 4 * (cin + out))) / TILE_ROWS) * TILE_ROWS;
  const tiles = Math.max(TILE_ROWS, rows);
  return (CONSTANTS + PIECE) / 4 + 2 * out + 6 * Math.max(cin, out) + 36 * (cin * out + 32) +
    36 * (tiles * (cin + out) + 2 * 32);
}

/** Size in bytes; as in winograd.as.ts. */
function winogradFilterBytes(cin: number, cout: number): number {
  const lines = Math.ceil(cin * paddedColumns(cout) * 4 / 64);
  return 36 * (lines % 2 === 0 ? lines + 1 : lines) * 64;
}

/** Convolutions of any size and stride. */
export const convModule: KernelModule = {
  builds: { relaxed: convRelaxed, plain: convPlain },
  sizes: { convScratch, convNarrowScratch },
  signatures: {
    conv: {
      operands: ([, n, h, w, cin, kh, kw, oh, ow, cout]) => [
        [14, n! * h! * w! * cin! + BEYOND],
        [15, kh! * kw! * cin! * cout!],
        [16, cout!, "optional"],
        [18, n! * oh! * ow! * cout!],
        [19, convScratch(kh! * kw! * cin!, cout!)],
      ],
    },
    convNarrow: {
      operands: ([, n, h, w, cin, kh, kw, oh, ow, cout]) => [
        [12, n! * h! * w! * cin!],
        [13, kh! * kw! * cin! * cout!],
        [14, cout!, "optional"],
        [16, n! * oh! * ow! * cout!],
        [17, convNarrowScratch(h! * w!, cin!, kh! * kw! * cout!)],
      ],
    },
    convFilterGradient: {
      operands: ([, n, h, w, cin, kh, kw, oh, ow, cout]) => [
        [14, n! * h! * w! * cin! + BEYOND],
        [15, n! * oh! * ow! * cout!],
        [16, kh! * kw! * cin! * cout!],
        [17, convScratch(kh! * kw! * cin!, cout!)],
      ],
    },
  },
};

/** Same-size 3x3 convolutions. */
export const winogradModule: KernelModule = {
  builds: { relaxed: winogradRelaxed, plain: winogradPlain },
  sizes: { winogradScratch, winogradFilterBytes },
  signatures: {
    winogradFilter: {
      operands: ([, , cin, cout]) => [
        [4, 9 * cin! * cout!],
        [6, winogradFilterBytes(cin!, cout!) / 4],
        [7, FILTER_SCRATCH],
      ],
    },
    winograd: {
      operands: ([, n, h, w, cin, cout]) => [
        [6, n! * h! * w! * cin!],
        [7, winogradFilterBytes(cin!, cout!) / 4],
        [8, cout!, "optional"],
        [9, n! * h! * w! * cout!, "optional"],
        [11, n! * h! * w! * cout!],
        [12, winogradScratch(cin!, cout!)],
      ],
    },
    winogradFilterGradient: {
      operands: ([, n, h, w, cin, cout]) => [
        [6, n! * h! * w! * cin!],
        [7, n! * h! * w! * cout!],
        [8, 9 * cin! * cout!],
        [9, winogradScratch(cin!, cout!)],
      ],
    },
  },
};
