import * as gifenc from "gifenc";
import type { Gifenc } from "./_gifenc.d.ts";

// The package is CommonJS in a checkout and an ES module in the bundle.
const { GIFEncoder, quantize } =
  ("GIFEncoder" in gifenc ? gifenc : gifenc.default) as unknown as Gifenc;
export { GIFEncoder };

/** A palette: [red, green, blue] per colour index, each 0 to 255. */
export type Colors = number[][];

/**
 * Chooses a common palette for several pictures.
 *
 * Source: pairwise nearest neighbour clustering (Equitz 1989), as implemented in gifenc.
 *
 * @param pictures RGBA [n * 4] each; alpha is ignored.
 * @param most Maximum number of colours, up to 256.
 */
export function fewColors(pictures: readonly Uint8Array[], most: number): Colors {
  // Copied, because the package reads the whole buffer behind a view.
  const all = new Uint8Array(pictures.reduce((sum, pixels) => sum + pixels.length, 0));
  let at = 0;
  for (const pixels of pictures) {
    all.set(pixels, at);
    at += pixels.length;
  }
  const colors = quantize(all, most, { format: "rgb565" });
  return asTheyOccur(colors, all);
}

/**
 * Replaces each cluster mean by the colour of at least half of its pixels, if there is one: paper
 * stays white, and lines keep their hue.
 */
function asTheyOccur(means: Colors, pixels: Uint8Array): Colors {
  const index = nearestColors(means)(pixels);
  const counts = means.map(() => new Map<number, number>());
  const totals = means.map(() => 0);
  for (let i = 0; i < index.length; i++) {
    const key = pixels[4 * i]! << 16 | pixels[4 * i + 1]! << 8 | pixels[4 * i + 2]!;
    const own = counts[index[i]!]!;
    own.set(key, (own.get(key) ?? 0) + 1);
    totals[index[i]!]!++;
  }
  return means.map((mean, color) => {
    const [key, count] = [...counts[color]!].reduce((a, b) => b[1] > a[1] ? b : a, [0, 0]);
    return 2 * count > totals[color]! ? [key >> 16, key >> 8 & 255, key & 255] : mean;
  });
}

/**
 * Returns a function that maps pixels [n * 4] to the indices of their nearest colours, [n]. Results
 * are cached across calls. (gifenc's own version merges pixels that agree in 5 or 6 bits, which
 * puts steps into gradients.)
 */
export function nearestColors(colors: Colors): (pixels: Uint8Array) => Uint8Array {
  const known = new Map<number, number>();
  const nearest = (red: number, green: number, blue: number): number => {
    const key = red << 16 | green << 8 | blue;
    let found = known.get(key);
    if (found === undefined) {
      let least = Infinity;
      found = 0;
      for (let color = 0; color < colors.length; color++) {
        const [r, g, b] = colors[color]!;
        const distance = (r! - red) ** 2 + (g! - green) ** 2 + (b! - blue) ** 2;
        if (distance < least) {
          least = distance;
          found = color;
        }
      }
      known.set(key, found);
    }
    return found;
  };
  return (pixels) => {
    const index = new Uint8Array(pixels.length / 4);
    for (let i = 0; i < index.length; i++) {
      index[i] = nearest(pixels[4 * i]!, pixels[4 * i + 1]!, pixels[4 * i + 2]!);
    }
    return index;
  };
}
