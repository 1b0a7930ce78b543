/** Pixels of a picture, opaque RGB. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** [height, 1 + 3 * width]: rows as a PNG file has them, each after its filter type, 0. */
  readonly rows: Uint8Array<ArrayBuffer>;
}

/** Place of a pixel in the rows of a canvas. */
export function pixelAt({ width }: Pick<Canvas, "width">, x: number, y: number): number {
  return y * (3 * width + 1) + 1 + 3 * x;
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
  const rows = new Uint8Array(height * (3 * width + 1)).fill(255);
  for (let y = 0; y < height; y++) rows[y * (3 * width + 1)] = 0;
  return { width, height, rows };
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

/** Coverage of a pixel that is covered wholly. */
export const COVERED = 255;

/**
 * Paints pixels of a row, each as far as the shape covers it.
 *
 * @param coverage From 0 to {@link COVERED}, of the first pixel at index `from`.
 */
export function blendRow(
  canvas: Canvas,
  row: { readonly y: number; readonly left: number; readonly right: number },
  coverage: { readonly values: Uint8Array; readonly from: number },
  { rgb: [red, green, blue], opacity }: Paint,
): void {
  const { rows } = canvas, { values } = coverage, unit = opacity / COVERED;
  let from = coverage.from;
  const start = pixelAt(canvas, row.left, row.y), end = pixelAt(canvas, row.right, row.y);
  for (let at = start; at < end; at += 3) {
    const covered = values[from++]!;
    if (covered === 0) continue;
    const alpha = covered * unit;
    const r = rows[at]!, g = rows[at + 1]!, b = rows[at + 2]!;
    rows[at] = r + (red - r) * alpha + 0.5;
    rows[at + 1] = g + (green - g) * alpha + 0.5;
    rows[at + 2] = b + (blue - b) * alpha + 0.5;
  }
}

/**
 * Fills a rectangle. Pixels at its edges are painted as far as it covers them.
 *
 * @param rectangle In pixels; edges may lie within pixels.
 */
export function fillRectangle(
  canvas: Canvas,
  rectangle: PixelBox,
  { rgb: [red, green, blue], opacity }: Paint,
  clip: PixelBox,
): void {
  const { rows } = canvas, box = commonBox(touchedBox(rectangle), clip);
  for (let y = box.top; y < box.bottom; y++) {
    const upright = opacity *
      (Math.min(y + 1, rectangle.bottom) - Math.max(y, rectangle.top));
    let at = pixelAt(canvas, box.left, y);
    for (let x = box.left; x < box.right; x++, at += 3) {
      const alpha = upright * (Math.min(x + 1, rectangle.right) - Math.max(x, rectangle.left));
      if (alpha < INVISIBLE) continue;
      const r = rows[at]!, g = rows[at + 1]!, b = rows[at + 2]!;
      rows[at] = r + (red - r) * alpha + 0.5;
      rows[at + 1] = g + (green - g) * alpha + 0.5;
      rows[at + 2] = b + (blue - b) * alpha + 0.5;
    }
  }
}
