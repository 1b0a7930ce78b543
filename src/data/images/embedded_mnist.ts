import { fromBase64 } from "../../core/base64.ts";
import packed from "../../../data/mnist/mnist.bits.gz.b64" with { type: "text" };
import type { ImageDataset } from "../dataset.ts";
import { gunzip } from "../formats/gunzip.ts";
import { PACKED_MNIST_BYTES, unpackMnist } from "./packed_mnist.ts";

/** SHA-256 of the embedded MNIST before compression, as `data/mnist/pack.ts` prints it. */
export const EMBEDDED_MNIST_SHA256 =
  "2b66d68ba67004545ef18282ca8abee5a4a7f5b8ac75105785141ef6ba525faa";

/**
 * The bytes of the embedded MNIST, in the layout of `packMnist`. Inflated on each call; protected
 * by gzip's checksum, and `verifyDataset` also checks their SHA-256.
 */
export function embeddedMnistContent(): Promise<Uint8Array<ArrayBuffer>> {
  return gunzip(fromBase64(packed), { place: "the embedded MNIST", limit: PACKED_MNIST_BYTES });
}

/** Opens the embedded binarised MNIST. */
export async function openEmbeddedMnist(): Promise<ImageDataset> {
  return unpackMnist(await embeddedMnistContent());
}
