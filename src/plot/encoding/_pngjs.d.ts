import type { Buffer } from "node:buffer";

// What png.ts uses of pngjs, which carries no types: the published ones bring all of Node's types
// with them, half of which Deno cannot resolve.

/** A picture in memory, and the codec. */
export class PNG {
  constructor(size: { readonly width: number; readonly height: number });
  readonly width: number;
  readonly height: number;
  /** Row-major from the top left. Decoded: RGBA. To encode: as `inputColorType` says. */
  data: Buffer;
  static readonly sync: {
    /** Takes a `Buffer` only. */
    read(file: Buffer): PNG;
    write(picture: PNG, options: {
      readonly colorType: 0 | 2;
      readonly inputColorType: 0 | 6;
      readonly inputHasAlpha: boolean;
      readonly deflateStrategy: number;
      readonly deflateLevel: number;
      readonly filterType: number;
    }): Buffer;
  };
}
