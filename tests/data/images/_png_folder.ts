import { encodePng } from "../../../src/core/png/encode_png.ts";
import { inFolder } from "../../support/in_folder.ts";

/** A picture of 2 x 3 pixels, grey (one value) or in colour (three), whose first pixel is another. */
export function picture(...value: readonly number[]): Uint8Array<ArrayBuffer> {
  const pixels = Uint8Array.from({ length: 6 * value.length }, (_, i) => value[i % value.length]!);
  value.forEach((one, channel) => pixels[channel] = one ^ 64);
  return new Uint8Array(encodePng(pixels, { width: 3, height: 2 }));
}

/** Runs a test on a folder of files, by their names, which is removed afterwards. */
export async function inFiles(
  files: Readonly<Record<string, Uint8Array | string>>,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await work(folder);
  }, { prefix: "fluxion ünï " });
}
