/**
 * Where WebAssembly memories of this process lie, for programs with all permissions on Linux.
 */

/** A range of addresses, and whether somebody may read or write there. */
export interface Range {
  readonly begin: number;
  readonly end: number;
  readonly isOpen: boolean;
}

/** All ranges of this process, in the order of their addresses. */
export function ranges(): Range[] {
  return Deno.readTextFileSync("/proc/self/maps").trimEnd().split("\n").map((line) => {
    const [, begin, end, access] = /^(\w+)-(\w+) (\S{3})/.exec(line)!;
    return {
      begin: parseInt(begin!, 16),
      end: parseInt(end!, 16),
      isOpen: access !== "---",
    };
  });
}

const PAGE = 65536;
const MARK_BYTES = 16;
/** Memories begin at a whole page, and larger ones at most so many bytes after what lies before. */
const GIBIBYTE = 2 ** 30;

/**
 * The address of a memory's first byte: a mark is written there for a moment, and looked for in
 * what the process may read.
 */
export function addressOf(memory: WebAssembly.Memory): number {
  const place = new Uint8Array(memory.buffer, 0, MARK_BYTES);
  const before = place.slice();
  const mark = crypto.getRandomValues(new Uint8Array(MARK_BYTES));
  place.set(mark);
  using file = Deno.openSync("/proc/self/mem");
  const read = new Uint8Array(MARK_BYTES);
  try {
    for (const { begin, end, isOpen } of ranges()) {
      if (!isOpen) continue;
      // Neighbours of one kind are one range: large memories in it, or pages of small ones.
      const step = end - begin >= GIBIBYTE ? GIBIBYTE : PAGE;
      for (let at = begin; at + memory.buffer.byteLength <= end; at += step) {
        if (readAt(file, at, read) && read.every((byte, i) => byte === mark[i])) return at;
      }
    }
  } finally {
    place.set(before);
  }
  throw new Error("the memory was not found");
}

/** Whether all that was asked for could be read: another thread may give a range back meanwhile. */
function readAt(file: Deno.FsFile, at: number, to: Uint8Array): boolean {
  try {
    file.seekSync(at, Deno.SeekMode.Start);
    return file.readSync(to) === to.length;
  } catch {
    return false;
  }
}
