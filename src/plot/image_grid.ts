import { heading } from "./drawing/_chart.ts";
import { ink } from "./drawing/_palette.ts";
import { encodePng } from "../core/png/encode_png.ts";
import type { PngText } from "../core/png/png_format.ts";
import { ZOOM } from "./drawing/_raster.ts";
import { rendered } from "./drawing/_render.ts";
import { element, pngAddress, round, svgDocument, textLine, textWidth } from "./drawing/_svg.ts";
import type { PictureOptions } from "./picture.ts";

/** Size of one image. */
export interface ImageSize {
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
  /** Values per pixel: 1 (the default) for grey, 3 for colour, red first. */
  readonly channels?: number | undefined;
}

/** Options of {@link imageGrid}. */
export interface ImageGridOptions extends ImageSize {
  /** Images per row; by default the grid is as square as possible. */
  readonly columns?: number;
  /** Output pixels per image pixel in each direction; default 3 for digits, more for smaller images. */
  readonly scale?: number;
  /** Texts to embed in the PNG file, such as the command that drew it. */
  readonly text?: PngText;
}

/** Value of every channel between and around the images. */
const PAPER = 255;

/** A value from 0 to 1, clipped, as a byte. */
export function pixelByte(value: number): number {
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}

/**
 * Numbers per image.
 *
 * @throws {RangeError} If there are not one or three channels.
 */
export function imageNumbers({ height, width, channels = 1 }: ImageSize): number {
  if (channels !== 1 && channels !== 3) {
    throw new RangeError(`a picture shows images of 1 or 3 channels, not ${channels}`);
  }
  return height * width * channels;
}

/** Output pixels of the longer side of an image, about, and of a row of images at most. */
const SHOWN_SIDE = 84, SHOWN_ROW = 3000;

/**
 * Output pixels per image pixel: 3, or more for images that are too small to be looked at.
 *
 * @param across Images per row.
 */
export function defaultScale({ height, width }: ImageSize, across: number): number {
  const side = Math.max(height, width);
  return Math.max(3, Math.min(Math.round(SHOWN_SIDE / side), SHOWN_ROW / (across * side) | 0));
}

function tile(images: Float32Array | Float64Array, options: ImageGridOptions) {
  const { height, width, channels = 1 } = options;
  const size = imageNumbers(options);
  const n = images.length / size;
  if (!Number.isInteger(n) || n === 0) {
    throw new RangeError(
      `imageGrid: expected images of ${size} numbers, at least one, got ${images.length} numbers`,
    );
  }
  const columns = options.columns ?? Math.ceil(Math.sqrt(n));
  const rows = Math.ceil(n / columns);
  const { scale = defaultScale(options, columns) } = options;
  const gap = scale;
  const cellWidth = width * scale + gap, cellHeight = height * scale + gap;
  const total = { width: columns * cellWidth + gap, height: rows * cellHeight + gap };
  const pixels = new Uint8Array(total.width * total.height * channels).fill(PAPER);
  for (let image = 0; image < n; image++) {
    const left = gap + (image % columns) * cellWidth;
    const top = gap + Math.floor(image / columns) * cellHeight;
    for (let y = 0; y < height * scale; y++) {
      const source = image * size + Math.floor(y / scale) * width * channels;
      const target = ((top + y) * total.width + left) * channels;
      for (let x = 0; x < width * scale; x++) {
        const from = source + Math.floor(x / scale) * channels, to = target + x * channels;
        for (let channel = 0; channel < channels; channel++) {
          pixels[to + channel] = pixelByte(images[from + channel]!);
        }
      }
    }
  }
  return { pixels, columns, rows, cellWidth, cellHeight, gap, ...total };
}

/**
 * Draws images in a grid, row by row: 0 is black, 1 is white; other values are clipped.
 *
 * @param images [n * height * width * channels], row-major.
 * @returns A PNG file of as many channels.
 * @throws {RangeError} If `images` is not a positive whole number of images.
 */
export function imageGrid(
  images: Float32Array | Float64Array,
  options: ImageGridOptions,
): Uint8Array {
  const { pixels, width, height } = tile(images, options);
  return encodePng(pixels, { width, height, text: options.text });
}

/** Size of the times above the columns, and what is between two of them at least. */
const LABEL_SIZE = 12, LABEL_GAP = 6;

/** Options of {@link pathGrid}. */
export interface PathGridOptions extends ImageSize, PictureOptions {
  /** The time of each state. */
  readonly times: readonly number[];
}

/**
 * Draws image trajectories from noise to samples: one row per sample, one column per time, with the
 * times above. Values outside [0, 1], as in noise, are clipped.
 *
 * @param states One table [n * height * width * channels] per time, noise first.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If the states differ in size, or there is not one time per state.
 */
export function pathGrid(
  states: readonly (Float32Array | Float64Array)[],
  options: PathGridOptions,
): Promise<Uint8Array> {
  const { height, width, channels, times } = options;
  const size = imageNumbers(options);
  const length = states[0]?.length ?? 0;
  if (states.length !== times.length || states.some((state) => state.length !== length)) {
    throw new RangeError(
      `pathGrid: expected one state of equal size for each of ${times.length} times, ` +
        `got ${states.length} of ${states.map((state) => state.length).join(", ")} numbers`,
    );
  }
  const n = length / size, columns = states.length;
  const ordered = new Float32Array(n * columns * size);
  states.forEach((state, column) => {
    for (let row = 0; row < n; row++) {
      const image = state.subarray(row * size, (row + 1) * size);
      ordered.set(image, (row * columns + column) * size);
    }
  });
  const texts = times.map((t, column) => column === 0 ? `t = ${round(t)}` : String(round(t)));
  // A column is at least as wide as its label where nobody wants another width.
  const widest = Math.max(...texts.map((text) => textWidth(text, LABEL_SIZE))) + LABEL_GAP;
  const enough = Math.ceil(widest * ZOOM / width);
  const grid = tile(ordered, { height, width, channels, columns, scale: Math.max(4, enough) });

  const LEFT = options.totalWidth === undefined ? 24 : 0;
  // Grid pixels map one to one to output pixels, ZOOM of which make a unit.
  const perUnit = options.totalWidth === undefined
    ? ZOOM
    : Math.max(1.4, (grid.width - 2 * grid.gap) / options.totalWidth);
  const unit = (pixels: number) => pixels / perUnit;
  const head = heading(options, { x: LEFT, width: unit(grid.width - 2 * grid.gap) });
  const top = head.height + 18;
  const labels = texts.map((text, column) =>
    textLine(
      text,
      LEFT + unit(grid.gap + column * grid.cellWidth + (grid.cellWidth - grid.gap) / 2),
      top - 7,
      { size: LABEL_SIZE, color: ink.label, anchor: "middle" },
    )
  );
  const image = element("image", {
    x: LEFT - unit(grid.gap),
    y: top,
    width: unit(grid.width),
    height: unit(grid.height),
    "image-rendering": "optimizeSpeed",
    href: pngAddress(encodePng(grid.pixels, grid)),
  });
  const total = {
    width: 2 * LEFT + unit(grid.width - 2 * grid.gap),
    height: top + unit(grid.height) + LEFT,
  };
  return rendered(svgDocument(total.width, total.height, [head.svg, ...labels, image]), options);
}
