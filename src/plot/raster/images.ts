import { Buffer } from "node:buffer";
import { decodePng } from "../../core/png/decode_png.ts";
import { type Canvas, commonBox, pixelAt, type PixelBox } from "./canvas.ts";

/** Where an image is drawn, in pixels, and how its pixels are. */
export interface ImagePlace extends PixelBox {
  /** `nearest`: each as a square. `linear`: with a gradient to the next. */
  readonly sampling: "nearest" | "linear";
}

const PREFIX = "data:image/png;base64,";

/** Draws an opaque image, stretched to a rectangle; pixels are those whose centres are in it. */
export function drawImage(
  canvas: Canvas,
  address: string,
  { left, top, right, bottom, sampling }: ImagePlace,
  clip: PixelBox,
): void {
  if (!address.startsWith(PREFIX)) throw new RangeError("drawing: an image that is no PNG file");
  const image = decodePng(Buffer.from(address.slice(PREFIX.length), "base64"));
  const whole = {
    ...{ left: Math.round(left), top: Math.round(top) },
    ...{ right: Math.round(right), bottom: Math.round(bottom) },
  };
  const box = commonBox(whole, clip);
  const alongX = sampler(image.width, { from: left, to: right, sampling });
  const alongY = sampler(image.height, { from: top, to: bottom, sampling });
  for (let y = box.top; y < box.bottom; y++) {
    const [upper, lower, v] = alongY(y);
    for (let x = box.left; x < box.right; x++) {
      const [before, after, u] = alongX(x), at = pixelAt(canvas, x, y);
      const value = (row: number, column: number, channel: number) =>
        image.pixels[4 * (row * image.width + column) + channel]!;
      for (let channel = 0; channel < 3; channel++) {
        const above = (1 - u) * value(upper, before, channel) + u * value(upper, after, channel);
        const below = (1 - u) * value(lower, before, channel) + u * value(lower, after, channel);
        canvas.rows[at + channel] = (1 - v) * above + v * below + 0.5;
      }
    }
  }
}

/** For a pixel of the canvas the two of an image that it lies between, and the share of the second. */
function sampler(
  count: number,
  { from, to, sampling }: {
    readonly from: number;
    readonly to: number;
    readonly sampling: ImagePlace["sampling"];
  },
): (pixel: number) => readonly [number, number, number] {
  const within = (i: number) => Math.min(count - 1, Math.max(0, i));
  return (pixel) => {
    const place = (pixel + 0.5 - from) / (to - from) * count;
    if (sampling === "nearest") {
      const nearest = within(Math.floor(place));
      return [nearest, nearest, 0];
    }
    const before = Math.floor(place - 0.5);
    return [within(before), within(before + 1), place - 0.5 - before];
  };
}
