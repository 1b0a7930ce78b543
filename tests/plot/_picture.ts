import { decodePng } from "../../src/core/png/decode_png.ts";

export type Rgb = readonly [number, number, number];
type Pixels = ReturnType<typeof decodePng>;

/** Parses a colour such as "#2271b5" or "rgb(34, 113, 181)". */
export function rgb(color: string): Rgb {
  const parts = color.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
    : color.match(/\d+/g)!.map(Number);
  return [parts[0]!, parts[1]!, parts[2]!];
}

/** Centroid, in pixels, and number of the pixels that satisfy `chosen`. */
export function centroid(
  picture: Pixels,
  chosen: (color: Rgb, x: number, y: number) => boolean,
): { readonly x: number; readonly y: number; readonly count: number } {
  let x = 0, y = 0, count = 0;
  for (let i = 0; i < picture.width * picture.height; i++) {
    const color = [0, 1, 2].map((k) => picture.pixels[4 * i + k]!) as unknown as Rgb;
    const column = i % picture.width, row = Math.floor(i / picture.width);
    if (!chosen(color, column, row)) continue;
    x += column;
    y += row;
    count++;
  }
  return { x: x / count, y: y / count, count };
}

/** Whether two colours differ by at most `tolerance` in each channel. */
export function near(a: Rgb, b: Rgb, tolerance = 12): boolean {
  return a.every((value, k) => Math.abs(value - b[k]!) <= tolerance);
}

/** Centroid of the pixels in which two pictures of the same size differ. */
export function difference(a: Uint8Array, b: Uint8Array) {
  const one = decodePng(a), other = decodePng(b);
  if (one.width !== other.width || one.height !== other.height) throw new Error("sizes differ");
  return centroid(one, (color, x, y) => {
    const at = 4 * (y * one.width + x);
    return color.some((value, k) => value !== other.pixels[at + k]!);
  });
}
