import type { ImageDataset } from "../dataset.ts";
import { placeWords } from "../tables/reading_words.ts";

/**
 * One line about images that were read from somebody's own file or folder.
 *
 * @param rows What follows their number, such as how many of them train.
 */
export function imageReadingWords(dataset: ImageDataset, rows = ""): string {
  const { name, train, test, testIdentity, reading } = dataset;
  const count = train.count + (testIdentity === undefined ? test.count : 0);
  return imagesWords({ ...dataset, place: name, count }) + rows +
    (reading === undefined ? "" : `, ${reading.words}`);
}

/** How many images of which size there are: `faces: 60 images of 8 x 8 x 3`. */
export function imagesWords(
  { place, count, height, width, channels }: {
    readonly place: string;
    readonly count: number;
    readonly height: number;
    readonly width: number;
    readonly channels: number;
  },
): string {
  const size = `${height} x ${width}${channels === 1 ? "" : ` x ${channels}`}`;
  return `${placeWords(place)}: ${count} ${count === 1 ? "image" : "images"} of ${size}`;
}
