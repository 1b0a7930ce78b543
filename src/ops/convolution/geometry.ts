import type { backend_util } from "@tensorflow/tfjs";
import * as tf from "../../core/tfjs/library.ts";

/** Attributes of tfjs's convolutions. */
export interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | backend_util.ExplicitPadding;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Lengths of four axes. */
export type Shape4D = [number, number, number, number];

/** Geometry of a convolution; images are NHWC. */
export interface Geometry {
  readonly input: Shape4D;
  readonly output: Shape4D;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Rows of padding above and columns of padding to the left. */
  readonly pads: readonly [number, number];
}

/**
 * The geometry of a convolution.
 *
 * @param name Kernel, for messages.
 * @param input, filter Shapes.
 * @throws {RangeError} If the images are not NHWC or are empty.
 */
export function geometryOf(
  name: string,
  input: number[],
  filter: number[],
  attrs: ConvAttributes,
): Geometry {
  if (attrs.dataFormat !== "NHWC") {
    throw new RangeError(`${name}: expected NHWC images, got ${attrs.dataFormat}`);
  }
  const info = tf.backend_util.computeConv2DInfo(
    input as Shape4D,
    filter as Shape4D,
    attrs.strides,
    1, // tfjs has no gradient of a dilated convolution
    attrs.pad,
    attrs.dimRoundingMode,
  );
  // A filter that is larger than the image both ways leaves two negative extents.
  if ([...info.inShape, ...info.outShape].some((extent) => !(extent > 0))) {
    throw new RangeError(
      `${name}: expected images and a filter that fits into them, got [${input}] and [${filter}]`,
    );
  }
  return {
    input: info.inShape,
    output: info.outShape,
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    pads: [info.padInfo.top, info.padInfo.left],
  };
}
