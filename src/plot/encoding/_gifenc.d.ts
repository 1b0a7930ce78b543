// What _few_colors.ts and animation.ts use of gifenc, which carries no types.

/** Writes the frames of a GIF file. */
export interface Encoder {
  writeFrame(index: Uint8Array, width: number, height: number, options: {
    /** [colors][red, green, blue], each 0 to 255; the first frame's is that of all. */
    readonly palette?: number[][];
    /** Milliseconds. */
    readonly delay: number;
    /** 0: for ever. Of the first frame only. */
    readonly repeat?: number;
    readonly transparent: boolean;
    readonly transparentIndex: number;
    /** GIF89a, section 23. */
    readonly dispose: number;
  }): void;
  finish(): void;
  bytes(): Uint8Array;
}

export interface Gifenc {
  GIFEncoder(): Encoder;
  /** @param rgba Its buffer is read from the start: a view into a longer one will not do. */
  quantize(rgba: Uint8Array, maxColors: number, options: { readonly format: "rgb565" }): number[][];
}

declare const everything: Gifenc;
// What is there from a checkout, where the package is CommonJS. In the bundle it is a module with
// the same as named exports, which are not declared.
export default everything;
