import { InputError } from "../../core/errors.ts";
import { type FileArray, readArray } from "../formats/array_file.ts";
import { readCsv } from "../formats/csv.ts";
import { textEncoding } from "../formats/text_encoding.ts";
import { notNpy } from "../formats/npy.ts";
import { type InputContent, readContent, readInput } from "../input_file.ts";
import type { ReadStdin } from "../tables/point_rows.ts";
import { channelsLast, hasImageAxes, imageShapeOf } from "./image_shape.ts";
import { BINARISE_THRESHOLD } from "./packed_mnist.ts";
import { extremesOf, pixelValues } from "./pixel_values.ts";

/** Image format expected by a model. */
export interface ImageRowsOptions {
  /** Size of an image. */
  readonly image: { readonly height: number; readonly width: number; readonly channels: number };
  /** Levels of data: map those above half of their range to 1 and others to 0. */
  readonly binarize: boolean;
  /** Required for the path `-`. */
  readonly readStdin?: ReadStdin;
}

/**
 * Reads images for an image model from an IDX, NPY or NPZ file of shape [n, c, h, w], [n, h, w, c],
 * [n, h, w] (one channel) or [n, c * h * w]; or CSV with c * h * w numbers per line, channels first as
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
  content: InputContent,
  { image, binarize }: ImageRowsOptions,
): Promise<Float32Array> {
  const { place, head, chunks } = content;
  const { height, width, channels } = image;
  const pixels = height * width, numbers = pixels * channels;
  const needed = `${channels}x${height}x${width} are needed to match the model`;
  const array = await readArray(content);
  if (array !== null) {
    const order = orderOf(array, { image, place, needed });
    if (array.shape[0] === 0) throw new InputError(`${place}: contains no images`);
    const values = pixelsOf(array, { binarize, numbers, place });
    return order === "first" ? channelsLast(values, { pixels, channels }) : values;
  }
  if (/\.npy(\.gz)?$/i.test(place)) throw notNpy(place);
  if (textEncoding(head) === null) {
    throw new InputError(`${place}: neither IDX nor NPY nor CSV; save the images as one of these`);
  }
  const { points, dims } = await readCsv(chunks, place);
  if (dims !== numbers) {
    throw new InputError(`${place}: has lines of ${dims} numbers; images of ${needed}`);
  }
  return channelsLast(Float32Array.from(points), { pixels, channels });
}

/** Where an array's channels are, checked against the model's images. */
function orderOf(
  array: FileArray,
  { image: { height, width, channels }, place, needed }: {
    readonly image: ImageRowsOptions["image"];
    readonly place: string;
    readonly needed: string;
  },
): "first" | "last" {
  const { shape } = array;
  const rows = shape.slice(1).join();
  if (rows === `${height * width * channels}` || rows === `${channels},${height},${width}`) {
    return "first";
  }
  if (rows === `${height},${width},${channels}`) return "last";
  const found = hasImageAxes(array) ? imageShapeOf(array, place) : null;
  if (found?.height === height && found.width === width && found.channels === channels) {
    return found.order;
  }
  const contains = found === null
    ? `${array.called}; images of`
    : `contains images of ${found.channels}x${found.height}x${found.width};`;
  throw new InputError(`${place}: ${contains} ${needed}`);
}

/**
 * An array's values on the model's scale. IDX files, and whole numbers beyond 1, hold the levels of
 * data and are read as those of training; other arrays hold what `sample` writes, which is kept.
 *
 * @throws {InputError} If a value is not a finite float32, or no level of images.
 */
function pixelsOf(
  { format, values }: FileArray,
  { binarize, numbers, place }: {
    readonly binarize: boolean;
    readonly numbers: number;
    readonly place: string;
  },
): Float32Array {
  const { min, max, isWhole } = extremesOf(values, { pixels: numbers, place });
  if (format !== "idx" && !(isWhole && min >= 0 && max > 1)) return Float32Array.from(values);
  const { levels } = pixelValues(values, { binarize, pixels: numbers, place });
  return Float32Array.from(
    levels,
    (level) => binarize ? (level > BINARISE_THRESHOLD ? 1 : 0) : level / 255,
  );
}
