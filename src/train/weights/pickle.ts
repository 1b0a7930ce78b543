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
    const { what, remedy = "save a state_dict with safetensors.torch.save_file" } = format;
    throw new InputError(`${path}: is ${what}, not weights in safetensors; ${remedy}`);
  }
  throw new InputError(
    `${path}: a PyTorch pickle, which is not read: loading one can run any code; convert it with ` +
      'two lines of Python: "import torch, safetensors.torch" and ' +
      `"safetensors.torch.save_file(torch.load(${quoted(source)}, map_location='cpu', ` +
      `weights_only=True), ${
        quoted(target)
      })"; where torch.load() gives a larger checkpoint, save ` +
      "its state_dict: torch.load(...)['state_dict']; of a whole model (weights_only=False, where its " +
      "class is known): torch.load(...).state_dict()",
  );
}

/** A file that holds no weights as they are read. */
interface OtherWeights {
  /** As in "an HDF5 file". */
  readonly what: string;
  /** Default: save a state_dict as safetensors. */
  readonly remedy?: string;
}

/** Files of text, and what they are: downloads that went wrong, and lists of files. */
const texts: readonly (readonly [start: RegExp, other: OtherWeights])[] = [
  [/^\s*\{(?=[^]*"weight_map")/, {
    what: "the index of weights in several files",
    remedy:
      'join them, in Python: safetensors.torch.save_file({k: v for f in glob.glob("*.safetensors")' +
      ' for k, v in safetensors.torch.load_file(f).items()}, "joined.safetensors")',
  }],
  [/^\s*[[{]/, { what: "JSON" }],
  [/^\s*</, { what: "a page of HTML", remedy: "download the file itself" }],
  [/^version https:\/\/git-lfs/, {
    what: "a pointer to a file in Git LFS",
    remedy: "fetch the file itself: git lfs pull",
  }],
];

/** What a file is by its first bytes; null if it may be safetensors. */
function formatOf(head: Uint8Array): "pickle" | OtherWeights | null {
  const latin1 = String.fromCharCode(...head), text = latin1.slice(0, 300);
  const starts = (mark: string) => text.startsWith(mark);
  // torch.save() since 1.6: a ZIP archive whose first entry is NAME/data.pkl (or .format_version).
  if (starts("PK\x03\x04")) {
    if (/^.{30}[^\0]*\/data\/(?:\d|weights\/)/s.test(text)) {
      return {
        what: "a compiled model of PyTorch",
        remedy:
          'save its weights, in Python: safetensors.torch.save_file(dict(torch.jit.load("FILE")' +
          '.state_dict()), "w.safetensors"), or torch.export.load() in its place',
      };
    }
    return /^.{30}[^\0]*(?:\/data\.pkl|\/\.format_version|\/byteorder|\/version)/s.test(text)
      ? "pickle"
      : { what: "a ZIP archive" };
  }
  // Before, and torch.save(..., _use_new_zipfile_serialization=False): a pickle by itself.
  // The length of a safetensors header may begin with the same two bytes.
  const isPickle = head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5;
  if (isPickle && !/^.{4}\0{4}[{ ]/s.test(text)) return "pickle";
  if (starts("\x89HDF\r\n")) return { what: "an HDF5 file" };
  if (starts("GGUF")) return { what: "a GGUF file" };
  if (starts("\x93NUMPY")) return { what: "an NPY file" };
  if (starts("\x1f\x8b")) return { what: "compressed by gzip", remedy: "decompress it first" };
  // A safetensors header's length begins with bytes that are no text of one of these.
  return texts.find(([pattern]) => head[7] !== 0 && pattern.test(latin1))?.[1] ?? null;
}
