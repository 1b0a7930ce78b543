import { systemFault } from "../../core/files/system_fault.ts";
import { FailureError, InputError } from "../../core/errors.ts";
import { quoted } from "../../core/quoted.ts";

/** Timeouts of a download. */
export interface DownloadPatience {
  /** Milliseconds from the request to the response headers. */
  readonly connectMs: number;
  /** Milliseconds within which at least {@link MIN_BYTES} of the content must arrive. */
  readonly stallMs: number;
}

/** Default timeouts. */
export const defaultPatience: DownloadPatience = { connectMs: 20_000, stallMs: 30_000 };

/** Fewer bytes per `stallMs` count as a stall: a trickle could last for days. */
const MIN_BYTES = 1024;

/** Source, destination and limits of a download. */
export interface DownloadOptions {
  readonly url: string;
  /** Destination. Its current content is taken as the beginning of the download. */
  readonly part: Deno.FsFile;
  /** Maximum size in bytes, including what `part` already holds. */
  readonly limit: number;
  readonly patience: DownloadPatience;
  /** Aborts the download. */
  readonly signal: AbortSignal | null;
  /** Called after each write: bytes in `part`, and the total that the server declares, or null. */
  onProgress(receivedBytes: number, totalBytes: number | null): void;
}

/** Result of a download. `resumed`: the existing content of `part` was kept as its beginning. */
export interface DownloadResult {
  readonly resumed: boolean;
}

/**
 * Streams a download to a file, resuming from the file's current content if the server supports
 * range requests (RFC 9110, section 14).
 *
 * The caller must verify that old and new content belong together.
 *
 * @throws {InputError} If the server does not respond, stalls, or responds with a status other than
 *   200 or 206 (`part` keeps what arrived), or if it sends more than `limit` bytes.
 * @throws {FailureError} If the disk is full.
 * @throws The error of `fetch` if the host cannot be reached, or the reason of `signal`.
 */
export async function download(options: DownloadOptions): Promise<DownloadResult> {
  const { url, part, limit, patience, signal } = options;
  const controller = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  const fail = (words: string) => controller.abort(new InputError(`${url}: ${words}`));
  const connecting = setTimeout(
    () => fail(`no answer within ${seconds(patience.connectMs)}`),
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
      // Range not satisfiable: the part belongs to another file, or is complete but damaged.
      await part.truncate(0);
      return await download(options);
    }
    if (start === 0) await part.truncate(0);
    await part.seek(start, Deno.SeekMode.Start);
    let received = start, receivedBefore = start;
    stalling = setInterval(() => {
      if (received - receivedBefore < MIN_BYTES) {
        fail(`fewer than ${MIN_BYTES} bytes arrived in ${seconds(patience.stallMs)}`);
      }
      receivedBefore = received;
    }, patience.stallMs);
    const declared = response.headers.get("content-length");
    const total = declared === null ? null : start + Number(declared);
    for await (const chunk of response.body!) {
      received += chunk.length;
      if (received > limit) {
        await part.truncate(0); // it cannot be the beginning of this file
        throw new InputError(`${url}: sends more than ${limit} bytes, the size of the file`);
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
 * Offset in the file at which the content of a response begins: the requested offset or 0; null if
 * the response is unusable.
 */
function contentStart({ status, headers, body }: Response, held: number): number | null {
  if (body === null) return null;
  if (status === 200) return 0; // the whole file, even if a range was requested
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
    // A full disk fails for every mirror.
    if (systemFault(error) !== "full") throw error;
    throw new FailureError(
      "no room left on the disk for the download; free some space and try again",
    );
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
