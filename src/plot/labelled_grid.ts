import { heading } from "./drawing/_chart.ts";
import { encodePng } from "../core/png/encode_png.ts";
import { defaultScale, imageNumbers, type ImageSize, pixelByte } from "./image_grid.ts";
import { ink } from "./drawing/_palette.ts";
import { ZOOM } from "./drawing/_raster.ts";
import { rendered } from "./drawing/_render.ts";
import {
  element,
  fontWidth,
  pngAddress,
  svgDocument,
  textLine,
  textWidth,
} from "./drawing/_svg.ts";
import type { PictureOptions } from "./picture.ts";

/** Options of {@link labelledGrid}. */
export interface LabelledGridOptions extends ImageSize, PictureOptions {
  /** Cells per row. */
  readonly columns: number;
  /** Images per cell, arranged as square as possible; default 1. */
  readonly perCell?: number;
  /** Output pixels per image pixel in each direction; default 3 for digits, more for smaller images. */
  readonly scale?: number;
  /** Labels above the columns. */
  readonly columnLabels?: readonly string[];
  /** Labels left of the rows. */
  readonly rowLabels?: readonly string[];
  /** Labels below the cells, one per cell; "" for none. */
  readonly labels?: readonly string[];
}

const SIZE = 12, SMALL = 11, MARGIN = 16, GAP = 8;

/** Width for title and subtitle above a narrow grid. */
const LEAST_HEADING = 240;

/**
 * Draws images in a grid with labels for rows, columns and cells, such as digits with their
 * classes, or samples by solver and NFE.
 *
 * @param images [cells * perCell * height * width * channels], cell by cell, row-major; 0 is black, 1 white.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If there is not a whole number of cells, or the numbers of labels differ.
 */
export function labelledGrid(
  images: Float32Array,
  options: LabelledGridOptions,
): Promise<Uint8Array> {
  const { height, width, columns, perCell = 1 } = options;
  const { columnLabels = [], rowLabels = [], labels = [] } = options;
  const numbers = imageNumbers(options), size = numbers * perCell;
  const cells = images.length / size;
  if (!Number.isInteger(cells) || cells === 0) {
    throw new RangeError(
      `labelledGrid: expected cells of ${size} numbers, got ${images.length} numbers`,
    );
  }
  const rows = Math.ceil(cells / columns);
  const expected = { columnLabels: columns, rowLabels: rows, labels: cells };
  for (const [name, count] of Object.entries(expected)) {
    const given = options[name as keyof typeof expected];
    if (given !== undefined && given.length !== count) {
      throw new RangeError(`labelledGrid: expected ${count} ${name}, got ${given.length}`);
    }
  }
  const across = Math.ceil(Math.sqrt(perCell));
  const margin = options.totalWidth === undefined ? MARGIN : 0;
  const left = margin +
    (rowLabels.length > 0
      ? Math.ceil(
        fontWidth(options) * Math.max(...rowLabels.map((label) => textWidth(label, SIZE))),
      ) +
        10
      : 0);
  const labelWidth = Math.max(
    0,
    ...labels.map((label) => textWidth(label, SMALL)),
    ...columnLabels.map((label) => textWidth(label, SIZE)),
  );
  // Drawing units per image pixel; with a wanted width the cells fill it.
  const scale = options.totalWidth === undefined
    ? (options.scale ?? defaultScale(options, columns * across)) / ZOOM
    : Math.min(6, ((options.totalWidth - left + GAP) / columns - GAP) / (across * (width + 1) + 1));
  const unit = (pixels: number) => pixels * scale;
  // Images are separated by a gap of one image pixel.
  const cell = {
    width: unit(across * (width + 1) + 1),
    height: unit(Math.ceil(perCell / across) * (height + 1) + 1),
  };
  const step = {
    x: Math.max(cell.width, options.totalWidth === undefined ? labelWidth : 0) + GAP,
    y: cell.height + (labels.length > 0 ? 20 : GAP),
  };
  const total = left + Math.min(columns, cells) * step.x - GAP - margin;
  const least = options.totalWidth ?? LEAST_HEADING;
  const head = heading(options, { x: margin, width: Math.max(total, least) });
  const hasHeading = options.title !== undefined || options.subtitle !== undefined;
  const top = head.height + (columnLabels.length > 0 ? 20 : 4);
  const centre = (column: number) => left + column * step.x + (step.x - GAP) / 2;
  const parts = [head.svg];
  columnLabels.forEach((label, column) =>
    parts.push(
      textLine(label, centre(column), top - 6, { size: SIZE, color: ink.label, anchor: "middle" }),
    )
  );
  rowLabels.forEach((label, row) =>
    parts.push(
      textLine(label, left - 10, top + row * step.y + cell.height / 2 + 4, {
        size: SIZE,
        color: ink.label,
        anchor: "end",
      }),
    )
  );
  for (let i = 0; i < cells; i++) {
    const column = i % columns, y = top + Math.floor(i / columns) * step.y;
    for (let k = 0; k < perCell; k++) {
      const start = i * size + k * numbers;
      // One by one, so that what lies between them is the page and not white.
      const own = Uint8Array.from(
        images.subarray(start, start + numbers),
        pixelByte,
      );
      parts.push(element("image", {
        x: centre(column) - cell.width / 2 + unit(1 + (k % across) * (width + 1)),
        y: y + unit(1 + Math.floor(k / across) * (height + 1)),
        width: unit(width),
        height: unit(height),
        "image-rendering": "optimizeSpeed",
        href: pngAddress(encodePng(own, { width, height })),
      }));
    }
    if (labels[i]) {
      parts.push(
        textLine(labels[i]!, centre(column), y + cell.height + 11, {
          size: SMALL,
          color: ink.tick,
          anchor: "middle",
        }),
      );
    }
  }
  return rendered(
    svgDocument(
      (hasHeading ? Math.max(total, least) : total) + 2 * margin,
      top + rows * step.y - GAP + margin,
      parts,
    ),
    options,
  );
}
