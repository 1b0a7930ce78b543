import { dataUri } from "./data_uri.ts";
import { escapeHtml } from "./escape_html.ts";

/** Options of {@link figure}. */
export interface FigureOptions {
  /** A PNG or GIF file. */
  readonly image: Uint8Array;
  /**
   * `chart`: drawn on white, inverted on a dark page. `photo`: shown unchanged.
   */
  readonly kind: "chart" | "photo";
  /** Alternative text (plain). */
  readonly alt: string;
  /** Caption (HTML). */
  readonly caption: string;
  /** Command that reproduces the picture (plain text). */
  readonly command?: string;
  /** File pixels per CSS pixel; default 2, as for charts. */
  readonly density?: number;
}

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

/**
 * A `figure` element with the embedded picture, its caption, and the command that reproduces it.
 *
 * @throws {RangeError} If the image is neither PNG nor GIF.
 */
export function figure(options: FigureOptions): string {
  const { image, kind, alt, caption, command, density = 2 } = options;
  const { type, width, height } = readHeader(image);
  const size = `width="${Math.round(width / density)}" height="${Math.round(height / density)}"`;
  const again = command === undefined ? "" : ` <code class="command">${escapeHtml(command)}</code>`;
  return `<figure>
<img class="${kind}" ${size} alt="${escapeHtml(alt)}" src="${dataUri(image, type)}">
<figcaption>${caption}${again}</figcaption>
</figure>
`;
}
