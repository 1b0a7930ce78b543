import { dataUri, svgUri } from "./data_uri.ts";
import { escapeHtml } from "./escape_html.ts";

/** A picture of pixels. */
export interface RasterImage {
  /** Discriminant: `chart`: drawn on white, inverted on a dark page. `photo`: shown unchanged. */
  readonly kind: "chart" | "photo";
  /** A PNG or GIF file. */
  readonly image: Uint8Array;
  /** File pixels per CSS pixel; default 2, as for charts. */
  readonly density?: number;
}

/** A drawing in two widths, of which a page shows the one that fits. */
export interface Drawing {
  /** Discriminant. */
  readonly kind: "drawing";
  /** An SVG file, at most 688 CSS pixels wide. */
  readonly wide: Uint8Array;
  /** An SVG file for a phone. */
  readonly narrow: Uint8Array;
}

/** Options of {@link figure}. */
export type FigureOptions = (RasterImage | Drawing) & {
  /** Alternative text (plain). */
  readonly alt: string;
  /** Caption (HTML). */
  readonly caption: string;
  /** Command that reproduces the picture (plain text). */
  readonly command?: string;
};

/** Width of a window in CSS pixels up to which drawings are shown in their narrow form. */
const NARROW = 735;

/** Reads media type and size in pixels from the file header. */
function readHeader(image: Uint8Array): { type: string; width: number; height: number } {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const starts = (...bytes: number[]) => bytes.every((byte, i) => image[i] === byte);
  if (image.length >= 24 && starts(0x89, 0x50, 0x4e, 0x47)) {
    return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (image.length >= 10 && starts(0x47, 0x49, 0x46, 0x38)) {
    return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  throw new RangeError(
    `figure: expected a PNG or GIF file, got ${image.length} bytes of another format`,
  );
}

/** Width and height attributes of an SVG file's size. */
function svgSize(svg: Uint8Array): string {
  const start = new TextDecoder().decode(svg.subarray(0, 200));
  const found = /^<svg [^>]*?width="([\d.]+)" height="([\d.]+)"/.exec(start);
  if (found === null) {
    throw new RangeError(`figure: expected an SVG file with its size, got ${svg.length} bytes`);
  }
  return `width="${Math.round(Number(found[1]))}" height="${Math.round(Number(found[2]))}"`;
}

function imageHtml(options: FigureOptions): string {
  const alt = `alt="${escapeHtml(options.alt)}"`;
  if (options.kind === "drawing") {
    const { wide, narrow } = options;
    return `<picture>
<source media="screen and (max-width: ${NARROW}px)" ${svgSize(narrow)} srcset="${svgUri(narrow)}">
<img class="drawing" ${svgSize(wide)} ${alt} src="${svgUri(wide)}">
</picture>`;
  }
  const { image, kind, density = 2 } = options;
  const { type, width, height } = readHeader(image);
  const size = `width="${Math.round(width / density)}" height="${Math.round(height / density)}"`;
  return `<img class="${kind}" ${size} ${alt} src="${dataUri(image, type)}">`;
}

/**
 * A `figure` element with the embedded picture, its caption, and the command that reproduces it.
 *
 * @throws {RangeError} If an image is neither PNG nor GIF, or a drawing is not an SVG file.
 */
export function figure(options: FigureOptions): string {
  const { caption, command } = options;
  const again = command === undefined ? "" : ` <code class="command">${escapeHtml(command)}</code>`;
  return `<figure>
${imageHtml(options)}
<figcaption>${caption}${again}</figcaption>
</figure>
`;
}
