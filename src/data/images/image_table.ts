import type { ImageTable } from "../dataset.ts";

/** Common fields of packed and grey images. */
export interface StoredImages {
  /** Values per image: height * width * channels. */
  readonly pixels: number;
  /** Number of images. */
  readonly count: number;
  /** Class of each image [count], or null. */
  readonly labels: Uint8Array | null;
}

/** Bytes per image of `pixels` pixels at one bit per pixel. */
export function packedImageBytes(pixels: number): number {
  return Math.ceil(pixels / 8);
}

/**
 * Packs pixels into bits: 1 where the grey value is above `threshold`. Each image starts at a byte
 * boundary, with its first pixel in the most significant bit.
 *
 * @param grey [count * pixels].
 * @returns [count * packedImageBytes(pixels)].
 */
export function packImages(
  grey: Uint8Array,
  pixels: number,
  threshold: number,
): Uint8Array<ArrayBuffer> {
  const stride = packedImageBytes(pixels);
  const count = grey.length / pixels;
  const bits = new Uint8Array(count * stride);
  for (let image = 0; image < count; image++) {
    for (let p = 0; p < pixels; p++) {
      if (grey[image * pixels + p]! > threshold) {
        bits[image * stride + (p >> 3)]! |= 0x80 >> (p & 7);
      }
    }
  }
  return bits;
}

/** A table of images packed by {@link packImages}, with values 0 and 1. */
export function packedImageTable(bits: Uint8Array, images: StoredImages): ImageTable {
  const { pixels } = images;
  const stride = packedImageBytes(pixels);
  return imageTable(images, (index, out, start) => {
    const from = index * stride;
    for (let p = 0; p < pixels; p++) {
      out[start + p] = (bits[from + (p >> 3)]! >> (7 - (p & 7))) & 1;
    }
  });
}

/** A table of grey images [count * pixels], with values grey / 255. */
export function greyImageTable(grey: Uint8Array, images: StoredImages): ImageTable {
  const { pixels } = images;
  return imageTable(images, (index, out, start) => {
    const from = index * pixels;
    for (let p = 0; p < pixels; p++) out[start + p] = grey[from + p]! / 255;
  });
}

/** A view of the images of `table` at `indices`, in that order; only labels are copied. */
export function selectImages(table: ImageTable, indices: Uint32Array): ImageTable {
  const { labels } = table;
  return {
    count: indices.length,
    labels: labels && Uint8Array.from(indices, (index) => labels[index]!),
    read(wanted, out) {
      const chosen = Array.from(wanted, (index) => {
        const original = indices[index];
        if (original === undefined) {
          throw new RangeError(`ImageTable.read: no image ${index}, there are ${indices.length}`);
        }
        return original;
      });
      table.read(chosen, out);
    },
  };
}

function imageTable(
  { pixels, count, labels }: StoredImages,
  readOne: (index: number, out: Float32Array, start: number) => void,
): ImageTable {
  return {
    count,
    labels,
    read(indices, out) {
      if (out.length !== indices.length * pixels) {
        throw new RangeError(
          `ImageTable.read: ${indices.length} images need ${indices.length * pixels} numbers, ` +
            `the array has ${out.length}`,
        );
      }
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        if (!(index >= 0 && index < count)) {
          throw new RangeError(`ImageTable.read: no image ${index}, there are ${count}`);
        }
        readOne(index, out, i * pixels);
      }
    },
  };
}
