import { InputError } from "../../core/errors.ts";

/** Values of images as 8-bit levels. */
export interface PixelValues {
  /** 0 black to 255 white. */
  readonly levels: Uint8Array;
  /** Whether pixels are learnt as 0 and 1. */
  readonly binarize: boolean;
  /** How the values were read, as in `values from 0 to 255, 256 levels`. */
  readonly words: string;
}

/** Largest values of white, in ascending order. */
const WHITES = [1, 255, 65_535] as const;

/** Values below this share of white are nearly black. */
const DARK = 1 / 4;

/** Extremes of an array, and whether it has two different values. */
interface Extremes {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
  /** One or two different values. */
  readonly isTwo: boolean;
}

/**
 * Reads values as 8-bit levels: those up to 1, up to 255, or whole ones up to 65,535 are scaled to
 * 0 to 255. If there are two different values in all, the lower one becomes 0 and the upper one 255.
 *
 * @param options.binarize Whether pixels are 0 or 1; by default if there are two different values.
 * @param options.pixels Values per image.
 * @param options.white The value of white, if it is known.
 * @throws {InputError} If a value is negative (unless there are two in all), too large or not finite.
 */
export function pixelValues(
  values: Uint8Array | Float32Array | Float64Array,
  { binarize, pixels, place, white: known }: {
    readonly binarize: boolean | undefined;
    readonly pixels: number;
    readonly place: string;
    readonly white?: number;
  },
): PixelValues {
  const found = extremesOf(values, { pixels, place });
  const { min, max, isTwo } = found;
  if (isTwo && min < max && binarize !== false) {
    const levels = Uint8Array.from(values, (value) => value === max ? 255 : 0);
    return { levels, binarize: true, words: `values ${shown(min)} and ${shown(max)}, binary` };
  }
  const white = known ?? whiteOf(found);
  if (white === null) {
    throw new InputError(
      `${place}: values from ${shown(min)} to ${shown(max)}; those of images are from 0 to 1 or ` +
        `from 0 to 255: rescale them, such as (x - min) / (max - min)`,
    );
  }
  // A lone value tells nothing of other images, except for what is black or white anyway.
  const isBinary = binarize ?? (isTwo && (min === 0 || min === 1));
  const levels = values instanceof Uint8Array && white === 255
    ? values
    : Uint8Array.from(values, (value) => Math.round(value / white * 255));
  const isRounded = white !== 255 || !found.isWhole
    ? values.some((value, i) => Math.abs(value / white * 255 - levels[i]!) > 1e-3)
    : false;
  const range = `values from ${shown(min)} to ${shown(max)}`;
  const scale = `read as 0 (black) to ${white} (white)`;
  const dark = max > 0 && max < DARK * white
    ? `; scale them by ${white}/${shown(max)} to use it all`
    : "";
  const how = isBinary
    ? `binarised at half of 0 to ${white}`
    : isRounded
    ? `${scale}, rounded to 256 levels${dark}`
    : `${scale}${dark}`;
  return { levels, binarize: isBinary, words: `${range}, ${how}` };
}

/** The value of white; null if the values are none of images. */
function whiteOf({ min, max, isWhole }: Omit<Extremes, "isTwo">): number | null {
  // Floats up to 1.02 are images of 0 to 1 that something overshot, and black on the scale of 255.
  if (min < 0 || (!isWhole && max > 1 && max < 2)) return null;
  const white = WHITES.find((white) => max <= white);
  return white === undefined || (white > 255 && !isWhole) ? null : white;
}

/** @throws {InputError} If a value is not a finite float32; names the image. */
export function extremesOf(
  values: ArrayLike<number>,
  { pixels, place }: { readonly pixels: number; readonly place: string },
): Extremes {
  const first = values[0];
  let min = Infinity, max = -Infinity, isWhole = true, isTwo = true, other: number | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(Math.fround(value))) {
      throw new InputError(
        `${place}, image ${Math.floor(i / pixels) + 1}: ${value} is not a finite float32`,
      );
    }
    isWhole &&= Number.isInteger(value);
    if (value !== first) isTwo &&= value === (other ??= value);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max, isWhole, isTwo };
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
