import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
// @ts-types="./_pngjs.d.ts"
import { PNG } from "pngjs";
import { InputError } from "../errors.ts";
import { HEADER_BYTES, isPng, type PngText } from "./png_format.ts";

/** A decoded picture. */
export interface DecodedPng {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** [height * width * 4]: RGBA, row-major from the top left. */
  readonly pixels: Uint8Array;
  /** Embedded texts. */
  readonly text: PngText;
}

/** The chunks of a PNG file, up to where it is cut short. */
function* chunksOf(png: Buffer): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = 8; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at);
    yield {
      type: png.toString("latin1", at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    };
    at += 12 + length;
  }
}

function readText(png: Buffer): PngText {
  const text: Record<string, string> = {};
  for (const { type, data } of chunksOf(png)) {
    const end = data.indexOf(0);
    if (type === "tEXt") {
      text[data.toString("latin1", 0, end)] = data.toString("latin1", end + 1);
    } else if (type === "iTXt") {
      const language = data.indexOf(0, end + 3);
      text[data.toString("latin1", 0, end)] = data.toString(
        "utf8",
        data.indexOf(0, language + 1) + 1,
      );
    }
  }
  return text;
}

/** Maximum number of pixels, in total and per side: 256 MiB as RGBA. */
const MAX_PIXELS = 2 ** 26;
const MAX_SIDE = 2 ** 16 - 1;

/**
 * Samples per pixel of each colour type, and its bits per sample.
 * Source: PNG specification, third edition, table 11.1.
 */
const kinds: ReadonlyMap<number, { readonly samples: number; readonly depths: readonly number[] }> =
  new Map([
    [0, { samples: 1, depths: [1, 2, 4, 8, 16] }],
    [2, { samples: 3, depths: [8, 16] }],
    [3, { samples: 1, depths: [1, 2, 4, 8] }],
    [4, { samples: 2, depths: [8, 16] }],
    [6, { samples: 4, depths: [8, 16] }],
  ]);

/** What the header of a PNG file declares. */
export interface PngHeader {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA. */
  readonly colorType: number;
  /** Bits per pixel. */
  readonly bits: number;
}

/**
 * Checks the declared size against the limits, before any memory is allocated for it.
 * Source: PNG specification, third edition, sections 5.2 and 11.2.1.
 *
 * @throws {InputError} If the file does not start as a PNG, or has too many pixels.
 */
export function pngHeader(bytes: Uint8Array): PngHeader {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWhole = png.length >= HEADER_BYTES && isPng(png) && png.readUInt32BE(8) === 13 &&
    png.toString("latin1", 12, 16) === "IHDR";
  if (!isWhole) throw new InputError("it does not start with a PNG header");
  const width = png.readUInt32BE(16), height = png.readUInt32BE(20);
  const depth = png[24]!, colorType = png[25]!;
  const fits = width >= 1 && height >= 1 && width <= MAX_SIDE && height <= MAX_SIDE &&
    width * height <= MAX_PIXELS;
  if (!fits) {
    throw new InputError(
      `its header declares ${width} x ${height} pixels; 1 to ${MAX_SIDE} per side and ` +
        `${MAX_PIXELS} in total are supported`,
    );
  }
  const kind = kinds.get(colorType);
  if (!kind?.depths.includes(depth)) {
    throw new InputError(
      `its header declares ${depth} bits per sample of colour type ${colorType}, which no PNG has`,
    );
  }
  return { width, height, depth, colorType, bits: depth * kind.samples };
}

/** First column and row of each pass of interlaced data, and its steps. Source: section 8.2. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Bytes of the inflated image data: each row of a pass begins with the number of its filter. */
function dataBytes({ width, height, bits }: PngHeader, isInterlaced: boolean): number {
  const of = (columns: number, rows: number) =>
    columns > 0 && rows > 0 ? rows * (1 + Math.ceil(columns * bits / 8)) : 0;
  if (!isInterlaced) return of(width, height);
  return passes.reduce(
    (sum, [x, y, dx, dy]) => sum + of(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}

/**
 * Checks that the image data are as many as the header declares: the library fills up what is missing,
 * and inflates interlaced data without a limit.
 *
 * @throws {InputError} If they are damaged, fewer or many more.
 */
function requireData(png: Buffer, expected: number): void {
  const data = [...chunksOf(png)].filter(({ type }) => type === "IDAT").map(({ data }) => data);
  let length = 0;
  try {
    // Some programs write more than they declare.
    length = inflateSync(Buffer.concat(data), { maxOutputLength: 2 * expected }).length;
  } catch {
    throw new InputError("its image data are damaged, or more than its header declares");
  }
  if (length < expected) {
    throw new InputError(`its image data are ${length} of ${expected} bytes`);
  }
}

/**
 * The file without what follows its last chunk: other programs ignore that, the library refuses it.
 *
 * @throws {InputError} If it has no last chunk.
 */
function upToEnd(png: Buffer): Buffer {
  let end = 8;
  for (const { type, data } of chunksOf(png)) {
    end += 12 + data.length;
    if (type === "IEND" && end <= png.length) return png.subarray(0, end);
  }
  throw new InputError("it is cut short: its last chunk is missing");
}

/**
 * Decodes a PNG file of any colour type. Samples of other than 8 bits are scaled to 0 to 255; gamma
 * and colour profiles are ignored.
 *
 * @throws {InputError} If the file does not start as a PNG, its header declares too many pixels, or
 *   it is damaged.
 */
export function decodePng(bytes: Uint8Array): DecodedPng {
  const header = pngHeader(bytes);
  const { width, height } = header;
  const png = upToEnd(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  requireData(png, dataBytes(header, png[28] === 1));
  try {
    const { data } = PNG.sync.read(png);
    return { width, height, pixels: new Uint8Array(data), text: readText(png) };
  } catch (error) {
    throw new InputError(`it is damaged: ${error instanceof Error ? error.message : error}`);
  }
}
