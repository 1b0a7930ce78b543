import { axes, BELOW_AXIS, gridLines, leftOfAxis, type Rect } from "../drawing/_chart.ts";
import { imageGrid, type ImageSize } from "../image_grid.ts";
import { accent, ink, rgbOf } from "../drawing/_palette.ts";
import { boundsOfAll, checkPoints, fitPlane, middleOf } from "../drawing/_plane.ts";
import { decodePng } from "../../core/png/decode_png.ts";
import { encodePng } from "../../core/png/encode_png.ts";
import { rasterize } from "../drawing/_raster.ts";
import type { CoordinateOptions } from "../picture.ts";
import { element, svgDocument, textLine, textWidth } from "../drawing/_svg.ts";

/** States at successive times. */
export interface Course {
  /** One table per time: points [n * 2], or images [n * height * width]. */
  readonly states: readonly (Float32Array | Float64Array)[];
  /** The time of each state. */
  readonly times: readonly number[];
}

/** Pixels per unit; small, because an animation contains many pictures. */
const FRAME_ZOOM = 1.3;

/**
 * Animation frames of a point cloud on common axes, with a progress bar.
 *
 * The axes show all of the last cloud, and of the others the part within the 1st and 99th
 * percentiles of the first.
 *
 * @returns One PNG file per state.
 * @throws {RangeError} If a point is not finite.
 */
export async function cloudFrames(
  { states, times }: Course,
  options: CoordinateOptions = {},
): Promise<Uint8Array[]> {
  const TOP = 40, WIDTH = 400, RIGHT = 22, BAR = 5;
  for (const state of states) checkPoints(state, 2);
  const wanted = boundsOfAll([states.at(-1)!, middleOf(states[0]!)], options);
  const left = leftOfAxis(fitPlane(wanted, { x: 0, y: 0, width: WIDTH }, options).y, 62);
  const { area, x, y } = fitPlane(wanted, { x: left, y: TOP, width: WIDTH }, options);
  const label = { size: 12, color: ink.label };
  const first = `t = ${times[0]}`, last = `t = ${times.at(-1)}`;
  const track = {
    x: left + textWidth(first, label.size) + 10,
    y: 17,
    width: WIDTH - textWidth(first, label.size) - textWidth(last, label.size) - 20,
    height: BAR,
  };
  // The axes are rasterised once; only the dots move, and are drawn directly into the pixels.
  const paper = decodePng(
    await rasterize(
      svgDocument(left + WIDTH + RIGHT, TOP + area.height + BELOW_AXIS, [
        textLine(first, left, 24, label),
        textLine(last, left + WIDTH, 24, { ...label, anchor: "end" }),
        element("rect", { ...track, rx: BAR / 2, fill: ink.grid }),
        gridLines(area, x, y),
        axes(area, x, y),
      ]),
      {},
      { zoom: FRAME_ZOOM },
    ),
  );
  const inside = ({ x: left, y: top, width, height }: Rect) => ({
    left: left * FRAME_ZOOM,
    top: top * FRAME_ZOOM,
    right: (left + width) * FRAME_ZOOM,
    bottom: (top + height) * FRAME_ZOOM,
  });
  const dot = { radius: 1.7 * FRAME_ZOOM, color: rgbOf(accent.blue), clip: inside(area) };
  return states.map((state, frame) => {
    const pixels = paper.pixels.slice();
    const share = frame / Math.max(1, states.length - 1);
    const done = inside({ ...track, width: share * track.width });
    for (let at = done.left + BAR / 2; at <= done.right - BAR / 2; at++) {
      const middle = (done.top + done.bottom) / 2;
      disc(paper.width, pixels, { x: at, y: middle }, {
        radius: BAR * FRAME_ZOOM / 2,
        color: rgbOf(ink.tick),
        clip: inside(track),
      });
    }
    for (let i = 0; i < state.length; i += 2) {
      const centre = { x: x.at(state[i]!) * FRAME_ZOOM, y: y.at(state[i + 1]!) * FRAME_ZOOM };
      disc(paper.width, pixels, centre, dot);
    }
    return encodePng(pixels, paper);
  });
}

/** Draws a disc with an antialiased edge of one pixel. */
function disc(
  rowLength: number,
  pixels: Uint8Array,
  centre: { readonly x: number; readonly y: number },
  style: {
    readonly radius: number;
    readonly color: readonly number[];
    readonly clip: Readonly<Record<"left" | "top" | "right" | "bottom", number>>;
  },
): void {
  const { radius, color, clip } = style;
  const reach = radius + 0.5;
  const top = Math.max(Math.floor(centre.y - reach), Math.ceil(clip.top));
  const bottom = Math.min(Math.ceil(centre.y + reach), Math.floor(clip.bottom));
  const left = Math.max(Math.floor(centre.x - reach), Math.ceil(clip.left));
  const right = Math.min(Math.ceil(centre.x + reach), Math.floor(clip.right));
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const distance = Math.hypot(x + 0.5 - centre.x, y + 0.5 - centre.y);
      const share = Math.min(1, Math.max(0, reach - distance));
      const at = 4 * (y * rowLength + x);
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel]! += share * (color[channel]! - pixels[at + channel]!);
      }
    }
  }
}

/**
 * Animation frames of a grid of images, with a progress bar.
 *
 * @returns One PNG file per state.
 * @throws {RangeError} If a state is not a whole number of images.
 */
export function imageFrames(
  { states }: Pick<Course, "states">,
  options: ImageSize & { readonly scale: number },
): Uint8Array[] {
  const TRACK = 225, DONE = 90, HEIGHT = 4;
  const { channels = 1 } = options;
  return states.map((state, frame) => {
    const { width, height, pixels } = decodePng(imageGrid(state, options));
    const done = Math.round(width * frame / Math.max(1, states.length - 1));
    const out = new Uint8Array(width * (height + HEIGHT) * channels);
    for (let i = 0; i < width * (height + HEIGHT); i++) {
      for (let channel = 0; channel < channels; channel++) {
        out[channels * i + channel] = i < width * height
          ? pixels[4 * i + channel]!
          : i % width < done
          ? DONE
          : TRACK;
      }
    }
    return encodePng(out, { width, height: height + HEIGHT });
  });
}
