/** Encodes an IDX file of images, following LeCun's description of the format. */
export function idxImages(
  images: { readonly height: number; readonly width: number; readonly grey: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const { height, width, grey } = images;
  const bytes = new Uint8Array(16 + grey.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x803);
  view.setUint32(4, grey.length / (height * width));
  view.setUint32(8, height);
  view.setUint32(12, width);
  bytes.set(grey, 16);
  return bytes;
}

/** Encodes an IDX file of labels. */
export function idxLabels(labels: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + labels.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x801);
  view.setUint32(4, labels.length);
  bytes.set(labels, 8);
  return bytes;
}

/** Compresses bytes with gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
