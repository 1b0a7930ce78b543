import { InputError } from "../../core/errors.ts";
import { decodePng, type PngHeader, pngHeader } from "../../core/png/decode_png.ts";
import { isPng } from "../../core/png/png_format.ts";
import { throwIfStopped } from "../../core/stop.ts";
import { inflatesTooMuch, MAX_RATIO } from "../formats/gunzip.ts";
import { otherFormat } from "../formats/other_format.ts";

/** Maximum number of values of all pictures: 1 GiB. */
const MAX_VALUES = 2 ** 30;

/** A PNG file's bytes, and its name in messages. */
export interface PictureBytes {
  readonly place: string;
  readonly bytes: Uint8Array;
}

/** Pictures of one size. */
export interface PictureStack {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** [count * height * width * channels], NHWC; 0 black to 255 white. */
  readonly values: Uint8Array;
  /** What happened to some of them, for people. */
  readonly remarks: readonly string[];
}

/** What is expected of pictures. */
export interface StackOptions {
  /** How many there are, at least one. */
  readonly count: number;
  /** Channels of the result, 1 or 3; otherwise 1 if no picture has a colour, else 3. */
  readonly channels: number | undefined;
  /** Name of the folder in messages. */
  readonly place: string;
}

/**
 * Decodes PNG files of one size. Transparency is over white, and samples of 16 bits are rounded to 8.
 *
 * @throws {InputError} If one is damaged, of another size or has a colour where grey is wanted; names
 *   it.
 */
export async function stackPictures(
  pictures: AsyncIterable<PictureBytes>,
  { count, channels: wanted, place }: StackOptions,
): Promise<PictureStack> {
  let first: PngHeader & { readonly place: string } | null = null;
  let channels: 1 | 3 = wanted === 3 ? 3 : 1, values = new Uint8Array(), at = 0;
  let hasAlpha = false, isDeep = false, isStoredInColour = false;
  for await (const picture of pictures) {
    throwIfStopped();
    const header = headerOf(picture);
    const pixels = header.width * header.height;
    if (first === null) {
      first = { ...header, place: picture.place };
      values = allocate(channels, { count, pixels, place });
    }
    requireSize(header, { first, place: picture.place });
    const rgb = overWhite(decoded(picture));
    hasAlpha ||= rgb.hasAlpha;
    isDeep ||= header.depth === 16;
    isStoredInColour ||= header.colorType !== 0 && header.colorType !== 4;
    if (channels === 1 && rgb.isColour) {
      if (wanted === 1) {
        throw new InputError(
          `${picture.place}: is in colour, and grey pictures are needed; convert it, with ` +
            "ImageMagick: mogrify -colorspace Gray *.png",
        );
      }
      const grey = values.subarray(0, at);
      values = allocate(3, { count, pixels, place });
      grey.forEach((value, i) => values.fill(value, 3 * i, 3 * i + 3));
      channels = 3;
      at *= 3;
    }
    for (let i = 0; i < rgb.pixels.length; i += 4) {
      for (let channel = 0; channel < channels; channel++) values[at++] = rgb.pixels[i + channel]!;
    }
  }
  const { height, width } = first!;
  const remarks = [
    ...(channels === 1 && isStoredInColour ? ["stored in colour, all of them grey"] : []),
    ...(hasAlpha ? ["transparency over white"] : []),
    ...(isDeep ? ["16 bits rounded to 256 levels"] : []),
  ];
  return { count, height, width, channels, values, remarks };
}

function allocate(
  channels: number,
  { count, pixels, place }: {
    readonly count: number;
    readonly pixels: number;
    readonly place: string;
  },
): Uint8Array<ArrayBuffer> {
  const length = count * pixels * channels;
  if (length > MAX_VALUES) {
    throw new InputError(
      `${place}: ${count} pictures of ${pixels} pixels and ${channels} channels are ${length} ` +
        `values; up to ${MAX_VALUES} are read: scale the pictures down, or take fewer`,
    );
  }
  return new Uint8Array(length);
}

/** @throws {InputError} If the file is no PNG, or declares far more than it can hold. */
function headerOf({ place, bytes }: PictureBytes): PngHeader {
  if (!isPng(bytes)) {
    const what = bytes.length === 0
      ? "is empty"
      : `is ${otherFormat(bytes)?.what ?? "no PNG file"}`;
    throw new InputError(`${place}: ${what}; take it out, or save it as PNG`);
  }
  const header = ofFile(place, () => pngHeader(bytes));
  const { width, height, bits } = header;
  const size = width * height * bits / 8;
  if (inflatesTooMuch(size, bytes.length)) {
    throw new InputError(
      `${place}: declares ${width} x ${height} pixels, ${size} bytes, in a file of ${bytes.length}; ` +
        `the limit is ${MAX_RATIO} times its size; scale it down, or take it out`,
    );
  }
  return header;
}

function decoded({ place, bytes }: PictureBytes): Uint8Array {
  return ofFile(place, () => decodePng(bytes).pixels);
}

/** @throws {InputError} If it cannot be read; names the file. */
function ofFile<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${place}: ${error.message}; save it again, or take it out`);
  }
}

function requireSize(
  { width, height }: PngHeader,
  { first, place }: {
    readonly first: PngHeader & { readonly place: string };
    readonly place: string;
  },
): void {
  if (width === first.width && height === first.height) return;
  throw new InputError(
    `${place}: is ${height} x ${width} pixels (height x width), and ${first.place} is ` +
      `${first.height} x ${first.width}; all need one size: with ImageMagick, mogrify -resize ` +
      `${first.width}x${first.height}! *.png`,
  );
}

/** RGBA over white, in place: [pixels * 4]. */
function overWhite(pixels: Uint8Array) {
  let hasAlpha = false, isColour = false;
  for (let i = 0; i < pixels.length; i += 4) {
    const alpha = pixels[i + 3]!;
    if (alpha < 255) {
      hasAlpha = true;
      for (let k = i; k < i + 3; k++) {
        pixels[k] = Math.round((pixels[k]! * alpha + 255 * (255 - alpha)) / 255);
      }
    }
    isColour ||= pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2];
  }
  return { pixels, hasAlpha, isColour };
}
