import { systemFault } from "../../core/files/system_fault.ts";
import { FailureError, InputError } from "../../core/errors.ts";
import { quoted } from "../../core/quoted.ts";

/** How long a server may be silent. */
export interface DownloadPatience {
  /** Milliseconds from the request to the beginning of the answer. */
  readonly connectMs: number;
  /** Milliseconds in which at least {@link FEWEST_BYTES} of the content have to come. */
  readonly stallMs: number;
}

/** What is waited for unless told otherwise. */
export const defaultPatience: DownloadPatience = { connectMs: 20_000, stallMs: 30_000 };

/** Fewer bytes in `stallMs` are a server that drips, which may go on for days. */
const FEWEST_BYTES = 1024;

/** What is downloaded, and where to. */
export interface DownloadOptions {
  readonly url: string;
  /** The file that takes the content. What it holds already is the content's beginning. */
  readonly part: Deno.FsFile;
  /** Most bytes that are taken, those of `part` included. */
  readonly limit: number;
  readonly patience: DownloadPatience;
  /** Stops the download. */
  readonly signal: AbortSignal | null;
  /** Called for every piece that was written: bytes in `part`, and in all as the server says, or null. */
  onProgress(receivedBytes: number, totalBytes: number | null): void;
}

/** What came of a download: `resumed` if the part that was there was taken for its beginning. */
export interface DownloadResult {
  readonly resumed: boolean;
}

/**
 * Downloads to a file, piece by piece, and goes on from what the file holds where the server can
 * send the rest of a file (RFC 9110, section 14).
 *
 * Whether the two parts belong together is for the caller to find out.
 *
 * @throws {InputError} If the server does not answer or stalls, answers with another status than
 *   200 and 206, or sends more than `limit` bytes. What came stays in `part`.
 * @throws {FailureError} If the disk is full.
 * @throws Whatever fetch throws where there is no such host; what `signal` says if it is aborted.
 */
export async function download(options: DownloadOptions): Promise<DownloadResult> {
  const { url, part, limit, patience, signal } = options;
  const controller = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  const give = (words: string) => controller.abort(new InputError(`${url}: ${words}`));
  const connecting = setTimeout(
    () => give(`no answer within ${seconds(patience.connectMs)}`),
    patience.connectMs,
  );
  let stalling: ReturnType<typeof setInterval> | undefined;
  try {
    const held = (await part.stat()).size;
    const response = await fetch(url, {
      signal: controller.signal,
      headers: held > 0 ? { range: `bytes=${held}-` } : {},
    });
    clearTimeout(connecting);
    const start = contentStart(response, held);
    if (start === null) {
      await response.body?.cancel();
      if (held === 0) throw new InputError(`${url}: the server answered ${statusOf(response)}`);
      // It has no such rest: the part is of another file, or is all of it and damaged.
      await part.truncate(0);
      return await download(options);
    }
    if (start === 0) await part.truncate(0);
    await part.seek(start, Deno.SeekMode.Start);
    let received = start, receivedBefore = start;
    stalling = setInterval(() => {
      if (received - receivedBefore < FEWEST_BYTES) {
        give(`fewer than ${FEWEST_BYTES} bytes came in ${seconds(patience.stallMs)}`);
      }
      receivedBefore = received;
    }, patience.stallMs);
    const declared = response.headers.get("content-length");
    const total = declared === null ? null : start + Number(declared);
    for await (const chunk of response.body!) {
      received += chunk.length;
      if (received > limit) {
        await part.truncate(0); // not the file's beginning
        throw new InputError(`${url}: sends more than ${limit} bytes, the most that the file has`);
      }
      await writeAll(part, chunk);
      options.onProgress(received, total);
    }
    await part.sync();
    return { resumed: start > 0 };
  } finally {
    clearTimeout(connecting);
    clearInterval(stalling);
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * Where in the file the content of an answer begins: at the bytes that were asked for, at 0, or
 * nowhere: null.
 */
function contentStart({ status, headers, body }: Response, held: number): number | null {
  if (body === null) return null;
  if (status === 200) return 0; // the whole file, also where a part was asked for
  const range = /^bytes (\d+)-/i.exec(headers.get("content-range") ?? "")?.[1];
  return held > 0 && status === 206 && Number(range) === held ? held : null;
}

function statusOf({ status, statusText }: Response): string {
  return statusText === "" ? String(status) : `${status} ${quoted(statusText)}`;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  try {
    for (let written = 0; written < bytes.length;) {
      written += await file.write(bytes.subarray(written));
    }
  } catch (error) {
    // Another mirror would not help.
    if (systemFault(error) !== "full") throw error;
    throw new FailureError("no room left on the disk for the download; free some space and go on");
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
