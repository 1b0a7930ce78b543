import { InputError } from "../../core/errors.ts";
import { naturalOrder } from "../../core/files/natural_order.ts";
import { systemFault } from "../../core/files/system_fault.ts";
import { named } from "../../core/quoted.ts";
import { readError } from "../input_file.ts";
import { idxNames } from "./idx_folder.ts";

/** Maximum number of entries of a folder and its subfolders. */
const MAX_ENTRIES = 2 ** 20;

/** A PNG file of a folder. */
export interface PictureFile {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly path: string;
  /** The class that its subfolder stands for; null without subfolders. */
  readonly label: number | null;
}

/** The PNG files of a folder, and what is left out. */
export interface PictureFiles {
  /** In natural order, at least one. */
  readonly files: readonly PictureFile[];
  /** Names of the subfolders that hold the files, in natural order; none if the folder holds them itself. */
  readonly classes: readonly string[];
  /** What else is there and not hidden, for people: `2 JPEG files`. */
  readonly leftOut: readonly string[];
}

/** Pictures that are not read, by the endings of their names. */
const otherPictures: readonly (readonly [what: string, endings: RegExp])[] = [
  ["JPEG", /\.jpe?g?$/i],
  ["GIF", /\.gif$/i],
  ["WebP", /\.webp$/i],
  ["BMP", /\.bmp$/i],
  ["TIFF", /\.tiff?$/i],
  ["HEIC", /\.hei[cf]$/i],
  ["PGM or PPM", /\.p[gpbn]m$/i],
];

const isPngName = (name: string) => /\.png$/i.test(name);
const isData = (name: string) => /\.(csv|tsv|npy|npz|parquet|idx|gz)$|ubyte$/i.test(name);

/** Names of the parts of a data set that is split already. */
const isTraining = (name: string) => /^train(ing)?$/i.test(name);
const isOtherPart = (name: string) => /^(test(ing)?|val(id(ation)?)?|dev|eval)$/i.test(name);

/** What a folder holds, without what is hidden. */
interface Entries {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

async function entriesOf(folder: string, most: number): Promise<Entries> {
  try {
    return await readEntries(folder, most);
  } catch (error) {
    throw readError(folder, error);
  }
}

async function readEntries(folder: string, most: number): Promise<Entries> {
  const files: string[] = [], folders: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const { name } = entry;
    if (name.startsWith(".")) continue;
    const place = `${folder}/${name}`;
    const found = entry.isSymlink ? await linked(place) : entry;
    if (isPngName(name) && !found?.isFile && !found?.isDirectory) {
      // Opening a pipe that nobody writes to never ends.
      const what = found === null ? "a link to nothing" : "no regular file";
      throw new InputError(`${place}: is ${what}; take it out`);
    }
    (found?.isDirectory ? folders : files).push(name);
    if (files.length + folders.length > most) {
      throw new InputError(`${folder}: has more than ${MAX_ENTRIES} files; take some of them out`);
    }
  }
  return { files: files.sort(naturalOrder), folders: folders.sort(naturalOrder) };
}

/** What a link leads to; null if there is nothing, or links form a loop. */
async function linked(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    const fault = systemFault(error);
    if (fault === "gone" || fault === "linkLoop") return null;
    throw error;
  }
}

/**
 * Lists the PNG files of a folder or, if it holds none itself, of its subfolders, each of them a
 * class. Hidden files are passed over.
 *
 * @throws {InputError} If there are none; says what there is instead.
 */
export async function listPictures(folder: string): Promise<PictureFiles> {
  const own = await entriesOf(folder, MAX_ENTRIES);
  const [pngs, others] = [own.files.filter(isPngName), own.files.filter((one) => !isPngName(one))];
  if (pngs.length > 0) {
    const files = pngs.map((name) => ({ name, path: `${folder}/${name}`, label: null }));
    return { files, classes: [], leftOut: leftOutOf(others, own.folders.length) };
  }
  requireOneSet(folder, own.folders);
  const files: PictureFile[] = [], classes: string[] = [], left = [...others];
  let count = own.files.length + own.folders.length, folders = 0;
  for (const subfolder of own.folders) {
    const inside = await entriesOf(`${folder}/${subfolder}`, MAX_ENTRIES - count);
    count += inside.files.length + inside.folders.length;
    folders += inside.folders.length;
    const found = inside.files.filter(isPngName);
    left.push(...inside.files.filter((name) => !isPngName(name)));
    if (found.length === 0) continue;
    const label = classes.length;
    classes.push(subfolder);
    for (const file of found) {
      const name = `${subfolder}/${file}`;
      files.push({ name, path: `${folder}/${name}`, label });
    }
  }
  if (files.length === 0) throw noPictures(folder, { files: left, folders: own.folders });
  return { files, classes, leftOut: leftOutOf(left, folders) };
}

/** @throws {InputError} If the subfolders are no classes: a part that trains and one that tests. */
function requireOneSet(folder: string, folders: readonly string[]): void {
  const train = folders.find(isTraining);
  const test =
    folders.filter(isOtherPart).sort((a, b) => Number(/^v/i.test(a)) - Number(/^v/i.test(b)))[0];
  if (train === undefined || test === undefined) return;
  throw new InputError(
    `${folder}: is split already, into ${named(train)} and ${named(test)}; give the folder ` +
      `${folder}/${train} as the data and ${folder}/${test} as the test data`,
  );
}

/** How many files of each kind there are, and folders: `2 JPEG files`. */
function leftOutOf(files: readonly string[], folders: number): string[] {
  const kinds = new Map<string, number>();
  for (const name of files) {
    const kind = otherPictures.find(([, endings]) => endings.test(name))?.[0] ?? "other";
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [
    ...[...kinds].map(([kind, count]) => `${count} ${kind} ${count === 1 ? "file" : "files"}`),
    ...(folders === 0 ? [] : [folders === 1 ? "1 folder" : `${folders} folders`]),
  ];
}

function noPictures(folder: string, { files, folders }: Entries): InputError {
  const picture = otherPictures
    .map(([what, endings]) => ({ what, found: files.filter((name) => endings.test(name)) }))
    .find(({ found }) => found.length > 0);
  if (picture !== undefined) {
    const { what, found } = picture;
    const ending = found[0]!.replace(/^.*\./, "");
    return new InputError(
      `${folder}: contains ${found.length} ${what} ${found.length === 1 ? "file" : "files"} and ` +
        `no PNG; convert them, with ImageMagick: mogrify -format png *.${ending}`,
    );
  }
  const table = files.find(isData);
  if (table !== undefined) {
    return new InputError(
      `${folder}: is a folder without PNG files; name a file in it, such as ${named(table)}`,
    );
  }
  const nothing = files.length === 0 && folders.length === 0 ? "is empty" : "contains no PNG files";
  const digits = Object.values(idxNames).flatMap(({ images, labels }) => [images, labels]);
  return new InputError(
    `${folder}: ${nothing}; a folder of data holds PNG files of one size, itself or in a ` +
      `subfolder per class, or the files of MNIST: ${digits.join(", ")}`,
  );
}
