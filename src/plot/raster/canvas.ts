/** Pixels of a picture, opaque RGBA. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Pixels [left, right) x [top, bottom). */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What a shape is painted with. */
export interface Paint {
  /** Each 0 to 255. */
  readonly rgb: readonly [red: number, green: number, blue: number];
  readonly opacity: number;
}

/** A white canvas. */
export function whiteCanvas(width: number, height: number): Canvas {
  return { width, height, pixels: new Uint8Array(4 * width * height).fill(255) };
}

/** The pixels that two boxes have in common; `right` may be below `left` if there are none. */
export function commonBox(a: PixelBox, b: PixelBox): PixelBox {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

/** The pixels that a rectangle touches. */
export function touchedBox({ left, top, right, bottom }: PixelBox): PixelBox {
  return {
    left: Math.floor(left),
    top: Math.floor(top),
    right: Math.ceil(right),
    bottom: Math.ceil(bottom),
  };
}

/** Opacities below this change no byte. */
const INVISIBLE = 1 / 512;

/**
 * Paints pixels of a row, each as far as the shape covers it.
 *
 * @param coverage From 0 to 1, of the first pixel at index `from`.
 */
export function blendRow(
  { width, pixels }: Canvas,
  row: { readonly y: number; readonly left: number; readonly right: number },
  coverage: { readonly values: Float32Array; readonly from: number },
  { rgb: [red, green, blue], opacity }: Paint,
): void {
  const { values } = coverage;
  let from = coverage.from;
  const start = 4 * (row.y * width + row.left), end = 4 * (row.y * width + row.right);
  for (let at = start; at < end; at += 4) {
    const alpha = values[from++]! * opacity;
    if (alpha < INVISIBLE) continue;
    const r = pixels[at]!, g = pixels[at + 1]!, b = pixels[at + 2]!;
    pixels[at] = r + (red - r) * alpha + 0.5;
    pixels[at + 1] = g + (green - g) * alpha + 0.5;
    pixels[at + 2] = b + (blue - b) * alpha + 0.5;
  }
}

/**
 * Fills a rectangle. Pixels at its edges are painted as far as it covers them.
 *
 * @param rectangle In pixels; edges may lie within pixels.
 */
export function fillRectangle(
  { width, pixels }: Canvas,
  rectangle: PixelBox,
  { rgb: [red, green, blue], opacity }: Paint,
  clip: PixelBox,
): void {
  const box = commonBox(touchedBox(rectangle), clip);
  for (let y = box.top; y < box.bottom; y++) {
    const upright = opacity *
      (Math.min(y + 1, rectangle.bottom) - Math.max(y, rectangle.top));
    let at = 4 * (y * width + box.left);
    for (let x = box.left; x < box.right; x++, at += 4) {
      const alpha = upright * (Math.min(x + 1, rectangle.right) - Math.max(x, rectangle.left));
      if (alpha < INVISIBLE) continue;
      const r = pixels[at]!, g = pixels[at + 1]!, b = pixels[at + 2]!;
      pixels[at] = r + (red - r) * alpha + 0.5;
      pixels[at + 1] = g + (green - g) * alpha + 0.5;
      pixels[at + 2] = b + (blue - b) * alpha + 0.5;
    }
  }
}
