import { InputError } from "../../core/errors.ts";

/** Encodings of text files that are read. */
export type TextEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** Pairs of bytes needed to take a file without a byte order mark for UTF-16. */
const LEAST_PAIRS = 4;

/** Share of the pairs of a UTF-16 text that must be printable ASCII if it has no mark. */
const LEAST_SHARE = 0.9;

/**
 * The encoding of a text by its first bytes: a byte order mark, or the zeros that UTF-16 has beside
 * digits and separators. Windows-1252 where they are not UTF-8.
 *
 * @param head The first bytes; they may end inside a character.
 * @returns null if they are no text.
 */
export function textEncoding(head: Uint8Array): TextEncoding | "utf-32" | null {
  const starts = (...mark: number[]) => mark.every((byte, at) => head[at] === byte);
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff)) return "utf-32";
  if (starts(0xff, 0xfe)) return "utf-16le";
  if (starts(0xfe, 0xff)) return "utf-16be";
  if (head.includes(0)) return withoutMark(head);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** UTF-16 without a byte order mark, as PowerShell and databases write it. */
function withoutMark(head: Uint8Array): TextEncoding | null {
  const pairs = head.length >> 1;
  if (pairs < LEAST_PAIRS) return null;
  const isPrintable = (byte: number) => byte >= 0x20 && byte < 0x7f || byte >= 9 && byte <= 13;
  let little = 0, big = 0;
  for (let at = 0; at < 2 * pairs; at += 2) {
    if (head[at + 1] === 0 && isPrintable(head[at]!)) little++;
    if (head[at] === 0 && isPrintable(head[at + 1]!)) big++;
  }
  if (little >= LEAST_SHARE * pairs) return "utf-16le";
  return big >= LEAST_SHARE * pairs ? "utf-16be" : null;
}

/**
 * Converts chunks of text to UTF-8. What is UTF-8 already passes unchanged, a byte order mark too.
 *
 * @param chunks Text in the encoding, split anywhere.
 */
export async function* asUtf8(
  chunks: AsyncIterable<Uint8Array>,
  encoding: TextEncoding,
): AsyncGenerator<Uint8Array> {
  if (encoding === "utf-8") return yield* chunks;
  const decoder = new TextDecoder(encoding), encoder = new TextEncoder();
  for await (const chunk of chunks) yield encoder.encode(decoder.decode(chunk, { stream: true }));
  yield encoder.encode(decoder.decode());
}

/** The error for text in UTF-32. */
export function utf32(place: string): InputError {
  return new InputError(`${place}: is UTF-32 text, which is not read; save it as UTF-8`);
}
