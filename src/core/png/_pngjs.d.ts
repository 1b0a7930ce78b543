import type { Buffer } from "node:buffer";

// The parts of pngjs that png.ts uses; the package has no types, and the published ones pull in all
// of Node's types, half of which Deno cannot resolve.

/** A picture in memory, and the codec. */
export class PNG {
  constructor(size: { readonly width: number; readonly height: number });
  readonly width: number;
  readonly height: number;
  /** Row-major from the top left. RGBA when decoded; `inputColorType` when encoding. */
  data: Buffer;
  static readonly sync: {
    /** Accepts only a `Buffer`. */
    read(file: Buffer): PNG;
    write(picture: PNG, options: {
      readonly colorType: 0 | 2;
      readonly inputColorType: 0 | 2 | 6;
      readonly inputHasAlpha: boolean;
      readonly deflateStrategy: number;
      readonly deflateLevel: number;
      readonly filterType: number;
    }): Buffer;
  };
}
