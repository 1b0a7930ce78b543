import { encodeRows } from "../../core/png/encode_png.ts";
import type { PngText } from "../../core/png/png_format.ts";
import { paintSvg } from "../raster/paint_svg.ts";
import { type Font, readFont } from "../raster/truetype.ts";
import { type Cloud, paintClouds } from "./_clouds.ts";

async function load() {
  const { interRegular, interSemibold } = await import("./_raster_fonts.ts");
  const regular = readFont(interRegular);
  let semibold: Font | undefined;
  return (weight: 400 | 600) => weight === 400 ? regular : semibold ??= readFont(interSemibold);
}

// Fonts are read once per process, and keep the kerning that was looked up.
let loading: ReturnType<typeof load> | undefined;

/** Pixels per drawing unit: keeps text crisp on high-density screens and in print. */
export const ZOOM = 2;

/**
 * Rasterises an SVG document to PNG, `zoom` pixels per unit, on white, and paints dots over it.
 *
 * Uses only the embedded fonts (Inter, weights 400 and 600), never the machine's, so the document
 * determines the bytes.
 */
export async function rasterize(
  svg: string,
  text: PngText,
  { zoom = ZOOM, painted = [] }: {
    readonly zoom?: number;
    readonly painted?: readonly Cloud[];
  } = {},
): Promise<Uint8Array> {
  const fontOf = await (loading ??= load());
  const canvas = paintSvg(svg, { zoom, fontOf });
  paintClouds(canvas, painted, zoom);
  return encodeRows(canvas.rows, { width: canvas.width, height: canvas.height, text });
}
