/** A decoded GIF, with each frame composited over the previous ones. */
export interface DecodedGif {
  readonly width: number;
  readonly height: number;
  /** Number of repetitions; 0: forever; null: plays once. */
  readonly repeats: number | null;
  /** RGB [height * width * 3] per frame. */
  readonly frames: readonly { readonly delayMs: number; readonly pixels: Uint8Array }[];
}

/**
 * Decodes a GIF with full-screen, non-interlaced frames, each drawn over the previous one. Source:
 * GIF89a specification; has its own LZW decoder, independent of the code that wrote the file.
 */
export function decodeGif(bytes: Uint8Array): DecodedGif {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) =>
    String.fromCharCode(...bytes.subarray(at, at + length));
  if (text(0, 6) !== "GIF89a") throw new Error("not a GIF");
  const width = view.getUint16(6, true), height = view.getUint16(8, true);
  let at = 13;
  const readTable = (flags: number) => {
    const size = 3 << ((flags & 7) + 1);
    at += size;
    return bytes.subarray(at - size, at);
  };
  const global = bytes[10]! & 0x80 ? readTable(bytes[10]!) : null;
  const readBlocks = () => {
    const parts: number[] = [];
    for (let size = bytes[at++]!; size > 0; size = bytes[at++]!) {
      parts.push(...bytes.subarray(at, at + size));
      at += size;
    }
    return Uint8Array.from(parts);
  };
  let repeats: number | null = null, delayMs = 0, clear = -1, disposal = 0;
  const frames: { delayMs: number; pixels: Uint8Array }[] = [];
  let screen = new Uint8Array(3 * width * height);
  for (;;) {
    const kind = bytes[at++];
    if (kind === 0x3b) return { width, height, repeats, frames };
    if (kind === 0x21) {
      const label = bytes[at++];
      if (label === 0xf9) {
        const flags = bytes[at + 1]!;
        delayMs = 10 * view.getUint16(at + 2, true);
        clear = flags & 1 ? bytes[at + 4]! : -1;
        disposal = flags >> 2 & 7;
      } else if (label === 0xff && text(at + 1, 11) === "NETSCAPE2.0") {
        repeats = view.getUint16(at + 14, true);
      }
      readBlocks();
    } else if (kind === 0x2c) {
      if (disposal > 1) throw new Error(`disposal ${disposal}`);
      const flags = bytes[at + 8]!;
      const size = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
      if (size[0] !== width || size[1] !== height || flags & 0x40) throw new Error("partial frame");
      at += 9;
      const table = flags & 0x80 ? readTable(flags) : global!;
      const minimum = bytes[at++]!;
      const index = lzw(readBlocks(), minimum);
      if (index.length !== width * height) throw new Error(`${index.length} pixels`);
      screen = screen.slice();
      index.forEach((color, pixel) => {
        if (color !== clear) screen.set(table.subarray(3 * color, 3 * color + 3), 3 * pixel);
      });
      frames.push({ delayMs, pixels: screen });
    } else throw new Error(`block ${kind}`);
  }
}

function lzw(data: Uint8Array, minimum: number): number[] {
  const clear = 1 << minimum, end = clear + 1;
  let table: number[][] = [], bits = minimum + 1, bit = 0;
  let previous: number[] | null = null;
  const out: number[] = [];
  for (;;) {
    let code = 0;
    for (let i = 0; i < bits; i++, bit++) code |= (data[bit >> 3]! >> (bit & 7) & 1) << i;
    if (code === end) return out;
    if (code === clear) {
      table = Array.from({ length: clear + 2 }, (_, i) => [i]);
      bits = minimum + 1;
      previous = null;
      continue;
    }
    const entry: number[] = table[code] ?? [...previous!, previous![0]!];
    out.push(...entry);
    if (previous !== null && table.length < 4096) table.push([...previous, entry[0]!]);
    if (table.length === 1 << bits && bits < 12) bits++;
    previous = entry;
  }
}
