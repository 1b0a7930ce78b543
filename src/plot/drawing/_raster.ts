import { guarded } from "../../core/wasm/guarded_memory.ts";
import { withReachableMaximum } from "../../core/wasm/memory_rewrite.ts";
import { freeBytes } from "../../core/png/free_bytes.ts";
import { encodePng } from "../../core/png/encode_png.ts";
import { type Cloud, paintClouds } from "./_clouds.ts";
import type { PngText } from "../../core/png/png_format.ts";

async function load() {
  const { initWasm, rasterizer, Resvg } = await import("./_raster_assets.ts");
  const { withTextAsPaths } = await import("./_letters.ts");
  // Compiled before, see `guarded`.
  const module = await WebAssembly.compile(withReachableMaximum(rasterizer()));
  await guarded(() => initWasm(module));
  return { Resvg, withTextAsPaths };
}

// The rasteriser's module can be initialised only once per process ("Already initialized"), so this
// mirrors its state.
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
  const { Resvg, withTextAsPaths } = await (loading ??= load());
  const drawing = withTextAsPaths(svg);
  const fontBuffers = drawing.includes("<text ") ? (await import("./_fonts.ts")).fonts : [];
  const renderer = new Resvg(drawing, {
    background: "#ffffff",
    fitTo: { mode: "zoom", value: zoom },
    font: {
      fontBuffers,
      defaultFontFamily: "Inter",
      loadSystemFonts: false,
    },
  });
  // Freed only on success: after a panic inside, freeing also throws and would mask it.
  const image = renderer.render();
  const { width, height, pixels } = image;
  image.free();
  renderer.free();
  paintClouds({ width, height, pixels }, painted, zoom);
  // The renderer's own encoder produces files 1.5 times as large.
  const png = encodePng(pixels, { width, height, text });
  freeBytes(pixels as Uint8Array<ArrayBuffer>); // a copy of the renderer's
  return png;
}
