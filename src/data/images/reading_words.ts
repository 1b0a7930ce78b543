import type { ImageDataset } from "../dataset.ts";
import { placeWords } from "../tables/reading_words.ts";

/**
 * One line about images that were read from somebody's own file or folder.
 *
 * @param rows What follows their number, such as how many of them train.
 */
export function imageReadingWords(dataset: ImageDataset, rows = ""): string {
  const { name, train, test, testIdentity, height, width, channels, reading } = dataset;
  const count = train.count + (testIdentity === undefined ? test.count : 0);
  const size = `${height} x ${width}${channels === 1 ? "" : ` x ${channels}`}`;
  return `${placeWords(name)}: ${count} images of ${size}${rows}` +
    (reading === undefined ? "" : `, ${reading.words}`);
}
