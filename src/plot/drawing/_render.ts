import type { PictureOptions } from "../picture.ts";
import type { Cloud } from "./_clouds.ts";
import { rasterize } from "./_raster.ts";
import { schemeStyle } from "./_scheme.ts";

/**
 * A drawing as a file: PNG on white, or SVG without a background for light and dark pages.
 *
 * @param painted Dots over the drawing, of PNG only (`cloudsIn`).
 */
export async function rendered(
  svg: string,
  options: PictureOptions,
  painted: readonly Cloud[] = [],
): Promise<Uint8Array> {
  const { format = "png", text = {} } = options;
  if (format === "png") return await rasterize(svg, text, { painted });
  return new TextEncoder().encode(scalable(withShortPaths(withMarkedDots(svg))));
}

/** Makes an image of the drawing scale with its box, and adds its style sheet. */
function scalable(svg: string): string {
  return svg.replace(
    /^<svg ([^>]*?)width="([\d.]+)" height="([\d.]+)">/,
    (_, names, width, height) =>
      `<svg ${names}width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
      schemeStyle(svg),
  );
}

/** Paths with a decimal less, a twentieth of a pixel, and without spaces, which addresses escape. */
function withShortPaths(svg: string): string {
  return svg.replace(
    / d="([^"]*)"/g,
    (_, d: string) =>
      ` d="${
        d.replace(/[\d.]+\.\d\d/g, (one) => String(Number(Number(one).toFixed(1)))).replaceAll(
          " ",
          ",",
        )
      }"`,
  );
}

/** Fewest circles that are written as one path. */
const MANY = 12;

const circles = new RegExp(
  `<circle cx="([\\d.-]+)" cy="([\\d.-]+)" r="([\\d.]+)"(?:/>|></circle>)` +
    `(?:<circle cx="[\\d.-]+" cy="[\\d.-]+" r="\\3"(?:/>|></circle>)){${MANY - 1},}`,
  "g",
);

/**
 * Equal circles in a row as the markers of one path: a quarter of the bytes. Markers are painted
 * one by one, so opacity accumulates as it does with circles.
 */
function withMarkedDots(svg: string): string {
  let count = 0;
  return svg.replace(circles, (row, _x, _y, radius) => {
    const id = `dot${count++}`;
    const tenth = (value: string) => String(Math.round(10 * Number(value)) / 10);
    const places = Array.from(
      row.matchAll(/cx="([\d.-]+)" cy="([\d.-]+)"/g),
      ([, x, y]) => `${tenth(x!)},${tenth(y!)}`,
    );
    // Inside the circles' group: a marker inherits from where it is defined.
    return `<marker id="${id}" markerUnits="userSpaceOnUse" overflow="visible">` +
      `<circle r="${radius}"/></marker><path d="M${places.join(",")}" fill="none" ` +
      `marker-start="url(#${id})" marker-mid="url(#${id})" marker-end="url(#${id})"/>`;
  });
}
