import { areaWidth, heading } from "./drawing/_chart.ts";
import { accent, ink } from "./drawing/_palette.ts";
import { checkPoints, cloudOf, cloudsIn, dotStyle, fitPlane } from "./drawing/_plane.ts";
import type { Cloud } from "./drawing/_clouds.ts";
import { rendered } from "./drawing/_render.ts";
import { element, fontWidth, svgDocument, textLine, textWidth } from "./drawing/_svg.ts";
import type { Bounds, PictureOptions } from "./picture.ts";

/** Options of {@link cloudGrid}. */
export interface CloudGridOptions extends PictureOptions {
  /** Rectangle that every cell shows. */
  readonly bounds: Bounds;
  /** Cells per row. */
  readonly columns: number;
  /** Labels left of the rows. */
  readonly rowLabels: readonly string[];
  /** Labels below the cells, one per cell. */
  readonly labels: readonly string[];
}

const SIZE = 12, SMALL = 11, GAP = 8, BELOW = 20;

/**
 * Draws clouds of points in a grid of equal frames without ticks, such as samples by solver and
 * cost.
 *
 * @param clouds [cells][n * 2], row by row.
 * @returns A PNG or SVG file.
 * @throws {RangeError} If a point is not finite, or the numbers of labels differ from the cells'.
 */
export function cloudGrid(
  clouds: readonly ArrayLike<number>[],
  options: CloudGridOptions,
): Promise<Uint8Array> {
  const { bounds, columns, rowLabels, labels } = options;
  const rows = Math.ceil(clouds.length / columns);
  if (labels.length !== clouds.length || rowLabels.length !== rows) {
    throw new RangeError(
      `cloudGrid: expected ${rows} row labels and ${clouds.length} labels, ` +
        `got ${rowLabels.length} and ${labels.length}`,
    );
  }
  for (const cloud of clouds) checkPoints(cloud, 2);
  const left = 10 +
    Math.ceil(fontWidth(options) * Math.max(...rowLabels.map((label) => textWidth(label, SIZE))));
  const gaps = (columns - 1) * GAP;
  const width = (areaWidth(options, columns * 130 + gaps, left + 1) - gaps) / columns;
  const head = heading(options, { x: left, width: columns * width + gaps });
  const { height } = fitPlane(bounds, { x: 0, y: 0, width }).area;
  const place = (i: number) => ({
    x: left + (i % columns) * (width + GAP),
    y: head.height + Math.floor(i / columns) * (height + BELOW),
    width,
  });
  const painted: Cloud[] = [];
  const cells = clouds.map((cloud, i) => {
    const plane = fitPlane(bounds, place(i));
    const { radius, opacity } = dotStyle(cloud.length / 2, plane.area);
    const marks = cloudOf(plane, cloud, { radius: 0.7 * radius, opacity, color: accent.blue });
    return cloudsIn([marks], options, painted) +
      element("rect", { ...plane.area, fill: "none", stroke: ink.axis, "stroke-width": 0.75 }) +
      textLine(labels[i]!, plane.area.x + width / 2, plane.area.y + height + 13, {
        size: SMALL,
        color: ink.tick,
        anchor: "middle",
      });
  });
  const names = rowLabels.map((label, row) =>
    textLine(label, left - 10, place(row * columns).y + height / 2 + 4, {
      size: SIZE,
      color: ink.label,
      anchor: "end",
    })
  );
  return rendered(
    svgDocument(left + columns * (width + GAP) - GAP + 1, head.height + rows * (height + BELOW), [
      head.svg,
      ...names,
      ...cells,
    ]),
    options,
    painted,
  );
}
