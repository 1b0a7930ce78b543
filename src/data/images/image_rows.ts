import { InputError } from "../../core/errors.ts";
import { whole } from "../../core/files/bounded_file.ts";
import { readCsv } from "../formats/csv.ts";
import { isIdxImages, readIdxImages } from "../formats/idx.ts";
import { textEncoding } from "../formats/text_encoding.ts";
import { isNpy, notNpy, readNpy } from "../formats/npy.ts";
import { type InputContent, readContent, readInput } from "../input_file.ts";
import type { ReadStdin } from "../tables/point_rows.ts";
import { BINARISE_THRESHOLD } from "./packed_mnist.ts";

/** Image format expected by a model. */
export interface ImageRowsOptions {
  /** Size of an image. */
  readonly image: { readonly height: number; readonly width: number; readonly channels: number };
  /** Grey values of IDX files: map those above 128 to 1 and others to 0; else divide by 255. */
  readonly binarize: boolean;
  /** Required for the path `-`. */
  readonly readStdin?: ReadStdin;
}

/**
 * Reads images for an image model from an IDX file; an NPY file of shape [n, c, h, w], [n, h, w]
 * (one channel) or [n, c * h * w]; or CSV with c * h * w numbers per line, channels first as
 * `sample` writes them. Each may be gzip-compressed; `-` reads CSV or NPY from standard input.
 *
 * @returns [n * h * w * c], NHWC.
 * @throws {InputError} If the file does not exist, contains no images, or they have another size.
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
  const needed = `${channels}x${height}x${width} are needed to match the model`;
  if (isIdxImages(head)) {
    const images = readIdxImages(await whole(chunks), place);
    if (images.height !== height || images.width !== width || channels !== 1) {
      throw new InputError(
        `${place}: contains images of 1x${images.height}x${images.width}; ${needed}`,
      );
    }
    if (images.count === 0) throw new InputError(`${place}: contains no images`);
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
    if (shape[0] === 0) throw new InputError(`${place}: contains no images`);
    const bad = values.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (bad >= 0) {
      throw new InputError(
        `${place}, image ${Math.floor(bad / numbers) + 1}: ${values[bad]} is not a finite float32`,
      );
    }
    return channelsLast(values, image);
  }
  if (/\.npy(\.gz)?$/i.test(place)) throw notNpy(place);
  if (textEncoding(head) === null) {
    throw new InputError(`${place}: neither IDX nor NPY nor CSV; save the images as one of these`);
  }
  const { points, dims } = await readCsv(chunks, place);
  if (dims !== numbers) {
    throw new InputError(`${place}: has lines of ${dims} numbers; images of ${needed}`);
  }
  return channelsLast(points, image);
}

/** Converts rows from CHW to HWC. */
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
