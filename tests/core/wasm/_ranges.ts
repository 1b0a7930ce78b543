/**
 * Addresses of this process's WebAssembly memories; needs Linux and all permissions.
 */

/** An address range, and whether it is accessible. */
export interface Range {
  readonly begin: number;
  readonly end: number;
  readonly isOpen: boolean;
}

/** All mapped ranges of this process, in address order. */
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
/** Memories are page-aligned; within a large range they are aligned to this many bytes. */
const GIBIBYTE = 2 ** 30;

/**
 * The address of a memory's first byte, found by writing a random mark there and searching the
 * process's readable ranges for it.
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
      // Adjacent mappings of one kind merge into one range, so a memory may start inside it.
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

/** Whether the whole read succeeded: another thread may unmap a range in the meantime. */
function readAt(file: Deno.FsFile, at: number, to: Uint8Array): boolean {
  try {
    file.seekSync(at, Deno.SeekMode.Start);
    return file.readSync(to) === to.length;
  } catch {
    return false;
  }
}
