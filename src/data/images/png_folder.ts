import { createHash } from "node:crypto";
import { InputError } from "../../core/errors.ts";
import { MAX_INPUT_BYTES } from "../../core/files/bounded_file.ts";
import { readFileBytes } from "../input_file.ts";
import { listPictures, type PictureFile } from "./picture_files.ts";
import { type PictureBytes, type PictureStack, stackPictures } from "./picture_stack.ts";

/** Maximum size of a PNG file: 64 MiB. */
const MAX_PICTURE_BYTES = 2 ** 26;

/** Files that are read at a time: opening one takes longer than reading it. */
const READ_AHEAD = 8;

/** The pictures of a folder. */
export interface PngFolder extends PictureStack {
  /** Class of each picture by its subfolder; null without subfolders, or with more than 256. */
  readonly labels: Uint8Array | null;
  /** SHA-256 of their names and bytes, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads the PNG files of a folder or of its subfolders, in natural order of their names.
 *
 * @param channels Channels of the result; undefined: 1 if no picture has a colour, else 3.
 * @throws {InputError} If there are none, one cannot be read, or their sizes differ.
 */
export async function readPngFolder(
  folder: string,
  channels: number | undefined,
): Promise<PngFolder> {
  const { files, classes, leftOut } = await listPictures(folder);
  const hash = createHash("sha256");
  async function* hashed() {
    let size = 0;
    for await (const { name, place, bytes } of contents(files)) {
      size += bytes.length;
      if (size > MAX_INPUT_BYTES) {
        throw new InputError(`${folder}: its pictures exceed the limit of 1 GiB; take fewer`);
      }
      // Some file systems change the form of accented letters.
      hash.update(`${name.normalize("NFC")}\0${bytes.length}\0`).update(bytes);
      yield { place, bytes };
    }
  }
  const stack = await stackPictures(hashed(), { count: files.length, channels, place: folder });
  return {
    ...stack,
    labels: classes.length === 0 || classes.length > 256
      ? null
      : Uint8Array.from(files, ({ label }) => label!),
    sha256: hash.digest("hex"),
    remarks: [
      ...stack.remarks,
      ...(classes.length === 0 ? [] : [
        classes.length === 1 ? "all in one subfolder" : `${classes.length} subfolders as classes`,
      ]),
      ...(leftOut.length === 0 ? [] : [`left out: ${leftOut.join(", ")}`]),
    ],
  };
}

/** The bytes of files, in their order. */
async function* contents(
  files: readonly PictureFile[],
): AsyncGenerator<PictureBytes & Pick<PictureFile, "name">> {
  for (let from = 0; from < files.length; from += READ_AHEAD) {
    yield* await Promise.all(
      files.slice(from, from + READ_AHEAD).map(async ({ name, path }) => {
        const bytes = await readFileBytes(path, MAX_PICTURE_BYTES);
        return { name, place: path, bytes };
      }),
    );
  }
}
