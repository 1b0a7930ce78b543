import { InputError } from "../../core/errors.ts";
import type { FileArray } from "../formats/array_file.ts";

/** Sizes of an array of images. */
export interface ImageArrayShape {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Where the channels are: [n, c, h, w] or [n, h, w, c]. */
  readonly order: "first" | "last";
}

/** Whether an array has the axes of images and not of points. */
export function hasImageAxes({ shape }: Pick<FileArray, "shape">): boolean {
  return shape.length === 3 || shape.length === 4;
}

/**
 * Sizes of the images in an array of three or four axes: [n, h, w], [n, c, h, w] or [n, h, w, c] with
 * one or three channels. Of an array that fits both of the last, the channels are first.
 *
 * @throws {InputError} If it has other channels, no images, or looks like one picture.
 */
export function imageShapeOf(
  { shape, called }: Pick<FileArray, "shape" | "called">,
  place: string,
): ImageArrayShape {
  const where = called.includes("shape") ? called : `${called}, shape (${shape.join(", ")})`;
  const [first, second, third] = shape;
  if (isOnePicture(shape)) {
    throw new InputError(
      `${place}: ${where}: looks like one picture of ${first} x ${second} x ${third}; ` +
        "images are [n, h, w, 3] or [n, h, w]: numpy.stack(pictures), or x[None] of one alone " +
        `(images that are ${third} wide: x[..., None])`,
    );
  }
  const found = sizesOf(shape);
  if (found === null) {
    const alpha = shape.at(-1) === 4 ? "; leave out the fourth channel, x[..., :3]" : "";
    throw new InputError(
      `${place}: ${where}: not read; images are [n, h, w], [n, 1, h, w] or [n, h, w, 1], in colour ` +
        `[n, 3, h, w] or [n, h, w, 3]${alpha}`,
    );
  }
  if (shape.includes(0)) throw new InputError(`${place}: ${where}: contains no images`);
  return found;
}

function sizesOf(shape: readonly number[]): ImageArrayShape | null {
  const [count, second, third, fourth] = shape;
  if (count === undefined || second === undefined || third === undefined) return null;
  if (fourth === undefined) {
    return { count, height: second, width: third, channels: 1, order: "last" };
  }
  if (isChannels(second)) {
    return { count, height: third, width: fourth, channels: second, order: "first" };
  }
  return isChannels(fourth)
    ? { count, height: second, width: third, channels: fourth, order: "last" }
    : null;
}

/** Whether an array is rather [h, w, c], grey, RGB or RGBA, than many narrow images. */
function isOnePicture([, second = 0, third = 0, ...more]: readonly number[]): boolean {
  return more.length === 0 && [1, 3, 4].includes(third) && second >= Math.max(12, 4 * third);
}

function isChannels(length: number): length is 1 | 3 {
  return length === 1 || length === 3;
}

/**
 * Images from NCHW to NHWC.
 *
 * @param values [n * c * h * w].
 * @returns The same array for one channel.
 */
export function channelsLast<T extends Uint8Array | Float32Array | Float64Array>(
  values: T,
  { pixels, channels }: { readonly pixels: number; readonly channels: number },
): T {
  if (channels === 1) return values;
  const out = values.slice() as T, numbers = pixels * channels;
  for (let image = 0; image < values.length; image += numbers) {
    for (let channel = 0; channel < channels; channel++) {
      const plane = image + channel * pixels;
      for (let p = 0; p < pixels; p++) {
        out[image + p * channels + channel] = values[plane + p]!;
      }
    }
  }
  return out;
}
