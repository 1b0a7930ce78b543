import { dataUri } from "./data_uri.ts";
import { escapeHtml } from "./escape_html.ts";

/** A picture in a page. */
export interface FigureOptions {
  /** A PNG or GIF file. */
  readonly image: Uint8Array;
  /**
   * `chart`: drawn on white paper, which a dark page turns over. `photo`: shown
   * as it is, whatever the page.
   */
  readonly kind: "chart" | "photo";
  /** What the picture shows, for who cannot see it; a text. */
  readonly alt: string;
  /** HTML under it. */
  readonly caption: string;
  /** The command that makes the picture again; a text. */
  readonly command?: string;
  /** Pixels of the file to one of the page; default 2, as the charts have. */
  readonly density?: number;
}

/** Media type and size in pixels, from the file's first bytes. */
function readHeader(image: Uint8Array): { type: string; width: number; height: number } {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const starts = (...bytes: number[]) => bytes.every((byte, i) => image[i] === byte);
  if (image.length >= 24 && starts(0x89, 0x50, 0x4e, 0x47)) {
    return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (image.length >= 10 && starts(0x47, 0x49, 0x46, 0x38)) {
    return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  throw new RangeError(`figure: expected a PNG or GIF file, got ${image.length} bytes of another`);
}

/**
 * A `figure` element: the picture itself inside the page, its caption, and the
 * command that makes it again.
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
