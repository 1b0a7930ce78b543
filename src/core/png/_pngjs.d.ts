import type { Buffer } from "node:buffer";

// The parts of pngjs that png.ts uses; the package has no types, and the published ones pull in all
// of Node's types, half of which Deno cannot resolve.

/** A decoded picture. */
export class PNG {
  readonly width: number;
  readonly height: number;
  /** RGBA, row-major from the top left. */
  readonly data: Buffer;
  static readonly sync: {
    /** Accepts only a `Buffer`. */
    read(file: Buffer): PNG;
  };
}
