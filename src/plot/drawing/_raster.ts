import { guarded } from "../../core/wasm/guarded_memory.ts";
import { withReachableMaximum } from "../../core/wasm/memory_rewrite.ts";
import { encodePng, type PngText } from "../encoding/png.ts";

async function load() {
  const assets = await import("./_raster_assets.ts");
  await guarded(() => assets.initWasm(withReachableMaximum(assets.wasm)));
  return assets;
}

// The rasteriser's own module can be started once a process ("Already initialized" after that),
// so this is its state, not ours.
let loading: ReturnType<typeof load> | undefined;

/** Pixels to a unit of the drawing: text stays crisp on dense screens and in print. */
export const ZOOM = 2;

/**
 * Draws an SVG document as PNG, `zoom` pixels to a unit, on white.
 *
 * The fonts are Inter in weights 400 and 600 and nothing else, whatever the
 * machine has, so that a picture's bytes are a function of the document.
 */
export async function rasterize(
  svg: string,
  text: PngText,
  zoom: number = ZOOM,
): Promise<Uint8Array> {
  const { Resvg, interRegular, interSemibold } = await (loading ??= load());
  const renderer = new Resvg(svg, {
    background: "#ffffff",
    fitTo: { mode: "zoom", value: zoom },
    font: {
      fontBuffers: [interRegular, interSemibold],
      defaultFontFamily: "Inter",
      loadSystemFonts: false,
    },
  });
  // Freed on success only: after a panic inside, freeing throws too and would hide it.
  const image = renderer.render();
  const { width, height, pixels } = image;
  image.free();
  renderer.free();
  // Its own encoder gives files half as large again.
  return encodePng(pixels, { width, height, text });
}
