/**
 * Makes `mnist.bits.gz` from the four IDX files of MNIST, gzip-compressed or not.
 *
 *   deno run --allow-read --allow-write data/mnist/pack.ts FOLDER data/mnist/mnist.bits.gz
 *
 * Prints the SHA-256 of the content and of the file, which stand in README.md
 * and in src/data/images/embedded_mnist.ts.
 */
import { constants, gzipSync } from "node:zlib";
import { readIdxFolder } from "../../src/data/images/idx_folder.ts";
import { packMnist } from "../../src/data/images/packed_mnist.ts";
import { sha256Hex } from "../../src/data/downloads/sha256.ts";

const [folder, target] = Deno.args;
if (folder === undefined || target === undefined) {
  console.error("usage: pack.ts FOLDER_OF_IDX_FILES TARGET");
  Deno.exit(2);
}
const { train, test } = await readIdxFolder(folder);
const content = packMnist(
  { grey: train.images.grey, labels: train.labels },
  { grey: test.images.grey, labels: test.labels },
);
const file = gzipSync(content, { level: constants.Z_BEST_COMPRESSION, memLevel: 9 });
file[9] = 255; // the operating system's byte: unknown, so that every machine writes the same header
await Deno.writeFile(target, file);
console.log(`content ${content.length} bytes, SHA-256 ${await sha256Hex(content)}`);
console.log(`file    ${file.length} bytes, SHA-256 ${await sha256Hex(new Uint8Array(file))}`);
