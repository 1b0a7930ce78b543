import { InputError } from "../../core/errors.ts";
import { whole } from "../../core/files/bounded_file.ts";
import { isPng } from "../../core/png/png_format.ts";
import { type FileArray, readArray } from "../formats/array_file.ts";
import { readCsv } from "../formats/csv.ts";
import { textEncoding } from "../formats/text_encoding.ts";
import { notNpy } from "../formats/npy.ts";
import { notRead, otherFormat } from "../formats/other_format.ts";
import { fileKind, type InputContent, readContent, readInput } from "../input_file.ts";
import type { ReadStdin } from "../tables/point_rows.ts";
import { channelsLast, hasImageAxes, imageShapeOf } from "./image_shape.ts";
import { BINARISE_THRESHOLD } from "./packed_mnist.ts";
import type { PictureStack } from "./picture_stack.ts";
import { extremesOf, pixelValues } from "./pixel_values.ts";
import { imagesWords } from "./reading_words.ts";

/** Image format expected by a model. */
export interface ImageRowsOptions {
  /** Size of an image. */
  readonly image: { readonly height: number; readonly width: number; readonly channels: number };
  /** Levels of data: map those above half of their range to 1 and others to 0. */
  readonly binarize: boolean;
  /**
   * Whether every value is one of data and becomes the level that training makes of it; by default
   * arrays and CSV may hold what `sample` writes, which is kept as it is.
   */
  readonly levels?: boolean;
  /** Required for the path `-`. */
  readonly readStdin?: ReadStdin;
}

/** Images for a model. */
export interface ImageRows {
  /** [n * h * w * c], NHWC, black 0 and white 1. */
  readonly rows: Float32Array;
  /** What was read and how, for people; null if the values were kept as they are. */
  readonly reading: string | null;
}

/**
 * Reads images for an image model from a folder of PNG files or one of them; from an IDX, NPY or NPZ
 * file of shape [n, c, h, w], [n, h, w, c], [n, h, w] (one channel) or [n, c * h * w]; or from CSV
 * with c * h * w numbers per line, channels first as `sample` writes them. Each may be
 * gzip-compressed; `-` reads any of these files from standard input.
 *
 * @throws {InputError} If the file does not exist, contains no images, they have another size, or a
 *   value is none of images where levels are asked for.
 */
export async function readImageRows(path: string, options: ImageRowsOptions): Promise<ImageRows> {
  if (await fileKind(path) === "folder") {
    // Imported on demand: most data are no pictures.
    const { readPngFolder } = await import("./png_folder.ts");
    const folder = path.replace(/(?<=[^/\\])[/\\]+$/, "");
    return rowsOfPictures(await readPngFolder(folder, options.image.channels), folder, options);
  }
  const use = (content: InputContent) => parse(content, options);
  if (path !== "-") return await readInput(path, use);
  if (options.readStdin === undefined) {
    throw new InputError("-: the standard input cannot be read here; name a file");
  }
  return await readContent(options.readStdin(), { place: "standard input", use });
}

async function parse(content: InputContent, options: ImageRowsOptions): Promise<ImageRows> {
  const { place, head, chunks } = content;
  const { image: { height, width, channels } } = options;
  const pixels = height * width, numbers = pixels * channels;
  if (isPng(head)) {
    const { stackPictures } = await import("./picture_stack.ts");
    const pictures = (async function* () {
      yield { place, bytes: await whole(chunks) };
    })();
    return rowsOfPictures(
      await stackPictures(pictures, { count: 1, channels, place }),
      place,
      options,
    );
  }
  const array = await readArray(content);
  if (array !== null) {
    const order = orderOf(array, { ...options, place });
    if (array.shape[0] === 0) throw new InputError(`${place}: contains no images`);
    const read = pixelsOf(array, { ...options, numbers, place });
    return order === "first"
      ? { ...read, rows: channelsLast(read.rows, { pixels, channels }) }
      : read;
  }
  if (/\.npy(\.gz)?$/i.test(place)) throw notNpy(place);
  const other = otherFormat(head);
  if (other !== null) throw notRead(place, other);
  if (textEncoding(head) === null) {
    throw new InputError(`${place}: neither IDX nor NPY nor CSV; save the images as one of these`);
  }
  const { points, dims } = await readCsv(chunks, place);
  if (dims !== numbers) {
    throw new InputError(`${place}: has lines of ${dims} numbers; images of ${needed(options)}`);
  }
  const read = pixelsOf({ format: "csv", values: points }, { ...options, numbers, place });
  return { ...read, rows: channelsLast(read.rows, { pixels, channels }) };
}

function needed({ image: { height, width, channels } }: Pick<ImageRowsOptions, "image">): string {
  return `${channels}x${height}x${width} are needed to match the model`;
}

/** Rows of PNG files, whose values are levels. */
function rowsOfPictures(
  { values, count, remarks, ...found }: PictureStack,
  place: string,
  options: ImageRowsOptions,
): ImageRows {
  const { image, binarize } = options;
  const { height, width, channels } = image;
  if (found.height !== height || found.width !== width || found.channels !== channels) {
    throw new InputError(
      `${place}: contains images of ${found.channels}x${found.height}x${found.width}; ` +
        needed(options),
    );
  }
  const pixels = height * width * channels;
  const { levels, words } = pixelValues(values, { binarize, pixels, place, white: 255 });
  const reading = [words, ...remarks].join("; ");
  return {
    rows: asRows(levels, binarize),
    reading: imagesWords({ place, count, height, width, channels }) + `, ${reading}`,
  };
}

/** Where an array's channels are, checked against the model's images. */
function orderOf(
  array: FileArray,
  { image, place }: Pick<ImageRowsOptions, "image"> & { readonly place: string },
): "first" | "last" {
  const { height, width, channels } = image;
  const rows = array.shape.slice(1).join();
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
  throw new InputError(`${place}: ${contains} ${needed({ image })}`);
}

/**
 * Values on the model's scale. IDX files, and whole numbers beyond 1, hold the levels of data and are
 * read as those of training; other arrays and CSV hold what `sample` writes, which is kept, unless
 * levels are asked for.
 *
 * @throws {InputError} If a value is not a finite float32, or no level of images.
 */
function pixelsOf(
  { format, values }: Pick<FileArray, "values"> & { readonly format: FileArray["format"] | "csv" },
  { binarize, levels: wanted = false, image, numbers, place }: ImageRowsOptions & {
    readonly numbers: number;
    readonly place: string;
  },
): ImageRows {
  const { min, max, isWhole } = extremesOf(values, { pixels: numbers, place });
  const isData = format === "idx" ||
    (format !== "csv" && isWhole && min >= 0 && max > 1);
  if (!wanted && !isData) return { rows: Float32Array.from(values), reading: null };
  const { levels, words } = pixelValues(values, { binarize, pixels: numbers, place });
  const count = values.length / numbers;
  return {
    rows: asRows(levels, binarize),
    reading: `${imagesWords({ ...image, place, count })}, ${words}`,
  };
}

function asRows(levels: Uint8Array, binarize: boolean): Float32Array {
  return Float32Array.from(
    levels,
    (level) => binarize ? (level > BINARISE_THRESHOLD ? 1 : 0) : level / 255,
  );
}
