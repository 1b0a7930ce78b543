import { FailureError } from "../core/errors.ts";

/**
 * How much scratch memory the kernels need, by the rules of their modules but in float64: exact where
 * the modules' 32 bits wrap.
 */

/** Of gemm_tile.part.as.ts. */
const [TILE_ROWS, TILE_COLUMNS] = [6, 8];

function padded(channels: number): number {
  return Math.ceil(channels / TILE_COLUMNS) * TILE_COLUMNS;
}

/** Numbers, of gemm.as.ts. */
function gemmScratch(n: number, k: number): number {
  return padded(n) * (Math.min(k, 256) + 2) + TILE_ROWS * TILE_COLUMNS;
}

/** Numbers, of conv.as.ts. */
function convScratch(taps: number, cout: number): number {
  const block = Math.floor(Math.min(510, Math.floor(60_000 / taps)) / TILE_ROWS) * TILE_ROWS;
  const out = padded(cout), pixels = Math.max(TILE_ROWS, block);
  return out + TILE_ROWS * TILE_COLUMNS + Math.max(taps, pixels) * out + pixels * taps + 4;
}

/** Numbers, of conv.as.ts. */
function convNarrowScratch(pixels: number, cin: number, products: number): number {
  return padded(products) + (pixels + cin) * padded(products);
}

/** Numbers, of winograd.as.ts. */
function winogradScratch(cin: number, cout: number): number {
  const out = padded(cout), filterBytes = 36 * 4 * cin * out;
  const bytes = Math.max(400_000, Math.floor(filterBytes / 3) * 4);
  const rows = Math.floor(Math.floor(bytes / (36 * 4 * (cin + out))) / TILE_ROWS) * TILE_ROWS;
  const tiles = Math.max(TILE_ROWS, rows);
  const [constants, piece] = [64, 36 * 128];
  return (constants + piece) / 4 + 2 * out + 6 * Math.max(cin, out) + 36 * (cin * out + 32) +
    36 * (tiles * (cin + out) + 2 * 32);
}

/** Bytes, of winograd.as.ts. */
function winogradFilterBytes(cin: number, cout: number): number {
  const lines = Math.ceil(cin * padded(cout) * 4 / 64);
  return 36 * (lines % 2 === 0 ? lines + 1 : lines) * 64;
}

/** The exact sizes by the names of the modules' functions. */
export const scratchSizes = {
  gemmScratch,
  convScratch,
  convNarrowScratch,
  winogradScratch,
  winogradFilterBytes,
} as const;

/** A function of a module that counts. */
type Counting = (...sizes: number[]) => number;

/**
 * The exact sizes, each compared with what the module itself counts: a kernel that would lay its
 * memory out otherwise is not called.
 *
 * @throws {FailureError} From the functions, where the module's 32 bits do not hold the size.
 */
export function agreedSizes(
  kernels: Readonly<Record<string, unknown>>,
): Readonly<Record<keyof typeof scratchSizes, Counting>> {
  const agreed = Object.entries(scratchSizes).map(([name, exact]) => [
    name,
    (...sizes: number[]): number => {
      const size = (exact as Counting)(...sizes);
      if (size === (kernels[name] as Counting)(...sizes)) return size;
      throw new FailureError(
        `the CPU backend's ${name} of ${
          sizes.join(" x ")
        } is ${size}, more than its memory holds: ` +
          "take a smaller batch, or a narrower network",
      );
    },
  ]);
  return Object.fromEntries(agreed);
}
