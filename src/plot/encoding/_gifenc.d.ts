// The parts of gifenc that _few_colors.ts and animation.ts use; the package has no types.

/** Writes the frames of a GIF file. */
export interface Encoder {
  writeFrame(index: Uint8Array, width: number, height: number, options: {
    /** [colors][red, green, blue], each 0 to 255; the first frame's palette is global. */
    readonly palette?: number[][];
    /** Milliseconds. */
    readonly delay: number;
    /** 0: forever. First frame only. */
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
  /** @param rgba Must span its whole buffer, which is read from the start. */
  quantize(rgba: Uint8Array, maxColors: number, options: { readonly format: "rgb565" }): number[][];
}

declare const everything: Gifenc;
// The export in a checkout, where the package is CommonJS. In the bundle it is an ES module with
// the same named exports, which are not declared.
export default everything;
