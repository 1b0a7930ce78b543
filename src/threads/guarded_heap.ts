import { bytesText } from "../core/bytes_text.ts";
import { OutOfMemoryError } from "../core/errors.ts";

/** Memory limit of tensors and kernels: the size of the shared memory, to which tfjs's own would grow. */
export const HEAP_BYTES = 2 ** 31;

/**
 * Bytes of the heap that no tensor gets: when a small allocation of tfjs's C++ fails, it continues with
 * address 0 or an uncomputed result.
 */
export const RESERVED_BYTES = 16 * 2 ** 20;

/** The allocator of tfjs's module, as its JavaScript calls it. */
export interface Heap {
  readonly asm: {
    readonly malloc: (bytes: number) => number;
    readonly free: (address: number) => void;
  };
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
}

/**
 * Makes failed allocations throw. tfjs uses whatever `malloc` returns as the tensor's address: 0 if
 * there is no memory, and a block of 4 bytes if 4 GiB + 4 are requested, since the size wraps.
 *
 * From then on `_malloc` throws an {@link OutOfMemoryError}.
 */
export function guardHeap(heap: Heap): void {
  const { malloc, free } = heap.asm;
  const sizes = new Map<number, number>();
  let used = 0;
  heap._malloc = (bytes) => {
    if (!(bytes >= 0 && used + bytes <= HEAP_BYTES - RESERVED_BYTES)) throw outOfMemory(bytes);
    const address = malloc(bytes) >>> 0;
    if (address === 0) throw outOfMemory(bytes);
    sizes.set(address, bytes);
    used += bytes;
    return address;
  };
  heap._free = (address) => {
    used -= sizes.get(address) ?? 0;
    sizes.delete(address);
    free(address);
  };
}

function outOfMemory(bytes: number): OutOfMemoryError {
  return new OutOfMemoryError(
    `backend cpu: no memory for ${bytesText(bytes)} more; its tensors have ` +
      `${bytesText(HEAP_BYTES)} together: take fewer rows or a smaller network`,
    bytes,
  );
}
