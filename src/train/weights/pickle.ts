import { InputError } from "../../core/errors.ts";
import { quoted } from "../../core/quoted.ts";

/** Bytes by which a file is recognised. */
const HEAD_BYTES = 4096;

/**
 * Refuses weights in a Python pickle, and in other formats with bytes of their own, with what
 * converts them.
 *
 * @throws {InputError} If the file is one.
 */
export async function requireNoPickle(path: string): Promise<void> {
  using file = await Deno.open(path);
  const { isFile } = await file.stat();
  if (!isFile) return; // a pipe can be read only once
  const buffer = new Uint8Array(HEAD_BYTES);
  const head = buffer.subarray(0, await file.read(buffer) ?? 0);
  const format = formatOf(head);
  if (format === null) return;
  const source = path.replace(/^.*[/\\]/s, ""),
    target = source.replace(/\.[^.]*$|$/, ".safetensors");
  if (format !== "pickle") {
    throw new InputError(
      `${path}: is ${format}, not weights in safetensors; save a state_dict with ` +
        "safetensors.torch.save_file",
    );
  }
  throw new InputError(
    `${path}: a PyTorch pickle, which is not read: loading one can run any code; convert it with ` +
      'two lines of Python: "import torch, safetensors.torch" and ' +
      `"safetensors.torch.save_file(torch.load(${quoted(source)}, map_location='cpu', ` +
      `weights_only=True), ${
        quoted(target)
      })"; where torch.load() gives a larger checkpoint, save ` +
      "its state_dict: torch.load(...)['state_dict']",
  );
}

/** What a file is by its first bytes; null if it may be safetensors. */
function formatOf(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, 300));
  const starts = (mark: string) => text.startsWith(mark);
  // torch.save() since 1.6: a ZIP archive whose first entry is NAME/data.pkl (or .format_version).
  if (starts("PK\x03\x04")) {
    return /^.{30}[^\0]*(?:\/data\.pkl|\/\.format_version|\/byteorder|\/version)/s.test(text)
      ? "pickle"
      : "a ZIP archive";
  }
  // Before, and torch.save(..., _use_new_zipfile_serialization=False): a pickle by itself.
  // The length of a safetensors header may begin with the same two bytes.
  const isPickle = head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5;
  if (isPickle && !/^.{4}\0{4}[{ ]/s.test(text)) return "pickle";
  if (starts("\x89HDF\r\n")) return "an HDF5 file";
  if (starts("GGUF")) return "a GGUF file";
  if (starts("\x93NUMPY")) return "an NPY file";
  return null;
}
