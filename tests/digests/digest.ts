/** SHA-256, hexadecimal, of `parts` one after the other. */
export async function digest(
  ...parts: readonly (string | Uint8Array | Float32Array | Float64Array)[]
): Promise<string> {
  const encoder = new TextEncoder();
  const bytes = parts.map((part) => {
    if (typeof part === "string") return encoder.encode(part);
    return Uint8Array.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  });
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(bytes).arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Digest of the tensors of a safetensors file, by name; its metadata may change. */
export async function tensorsDigest(file: Uint8Array<ArrayBuffer>): Promise<string> {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header: Record<string, { shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(file.subarray(8, 8 + length)),
  );
  const names = Object.keys(header).filter((name) => name !== "__metadata__").sort();
  return await digest(...names.flatMap((name) => {
    const { shape, data_offsets: [from, to] } = header[name]!;
    return [`${name} ${shape}\n`, file.subarray(8 + length + from, 8 + length + to)];
  }));
}
