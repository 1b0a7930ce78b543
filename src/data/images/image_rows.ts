import { InputError } from "../../core/errors.ts";
import { whole } from "../../core/files/bounded_file.ts";
import { readCsv } from "../formats/csv.ts";
import { isIdxImages, readIdxImages } from "../formats/idx.ts";
import { isNpy, notNpy, readNpy } from "../formats/npy.ts";
import { type InputContent, readContent, readInput } from "../input_file.ts";
import type { ReadStdin } from "../tables/point_rows.ts";
import { BINARISE_THRESHOLD } from "./packed_mnist.ts";

/** Images that a model takes. */
export interface ImageRowsOptions {
  /** The size of an image. */
  readonly image: { readonly height: number; readonly width: number; readonly channels: number };
  /** Grey values of IDX files above 128 become 1, the rest 0; else they are divided by 255. */
  readonly binarize: boolean;
  /** Needed for the path `-`. */
  readonly readStdin?: ReadStdin;
}

/**
 * Reads images as a model of images takes them: an IDX file; an NPY file of shape [n, c, h, w],
 * [n, h, w] of grey values or [n, c * h * w]; or CSV with c * h * w numbers per line, channel after
 * channel as `sample` writes them. Each may be gzip-compressed; `-` is CSV or NPY on the standard input.
 *
 * @returns [n * h * w * c], NHWC.
 * @throws {InputError} If there is no such file, it holds no images, or they are of another size.
 */
export async function readImageRows(
  path: string,
  options: ImageRowsOptions,
): Promise<Float32Array> {
  const use = (content: InputContent) => parse(content, options);
  if (path !== "-") return await readInput(path, use);
  if (options.readStdin === undefined) {
    throw new InputError("-: the standard input cannot be read here; name a file");
  }
  return await readContent(options.readStdin(), { place: "standard input", use });
}

async function parse(
  { place, head, chunks }: InputContent,
  { image, binarize }: ImageRowsOptions,
): Promise<Float32Array> {
  const { height, width, channels } = image;
  const numbers = height * width * channels;
  const needed = `${channels}x${height}x${width} are needed, as the model has`;
  if (isIdxImages(head)) {
    const images = readIdxImages(await whole(chunks), place);
    if (images.height !== height || images.width !== width || channels !== 1) {
      throw new InputError(
        `${place}: holds images of 1x${images.height}x${images.width}; ${needed}`,
      );
    }
    if (images.count === 0) throw new InputError(`${place}: holds no images`);
    return Float32Array.from(
      images.grey,
      (grey) => binarize ? (grey > BINARISE_THRESHOLD ? 1 : 0) : grey / 255,
    );
  }
  if (isNpy(head)) {
    const { shape, values } = readNpy(await whole(chunks), place);
    const fits = [
      [numbers],
      [channels, height, width],
      ...(channels === 1 ? [[height, width]] : []),
    ]
      .some((wanted) => shape.slice(1).join() === wanted.join());
    if (!fits) {
      throw new InputError(
        `${place}: an array of shape (${shape.join(", ")}); images of ${needed}`,
      );
    }
    if (shape[0] === 0) throw new InputError(`${place}: holds no images`);
    const bad = values.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (bad >= 0) {
      throw new InputError(
        `${place}, image ${Math.floor(bad / numbers) + 1}: ${values[bad]} is not a finite float32`,
      );
    }
    return channelsLast(values, image);
  }
  if (/\.npy(\.gz)?$/i.test(place)) throw notNpy(place);
  if (head.includes(0)) {
    throw new InputError(`${place}: neither IDX nor NPY nor CSV; save the images as one of these`);
  }
  const { points, dims } = await readCsv(chunks, place);
  if (dims !== numbers) {
    throw new InputError(`${place}: lines of ${dims} numbers; images of ${needed}`);
  }
  return channelsLast(points, image);
}

/** Rows from CHW to HWC. */
function channelsLast(
  values: ArrayLike<number>,
  { height, width, channels }: ImageRowsOptions["image"],
): Float32Array {
  if (channels === 1) return Float32Array.from(values);
  const pixels = height * width, numbers = pixels * channels;
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const row = Math.floor(i / numbers), at = i % numbers;
    out[i] = values[row * numbers + (at % channels) * pixels + Math.floor(at / channels)]!;
  }
  return out;
}
