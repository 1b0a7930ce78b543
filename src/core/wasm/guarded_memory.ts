import { AddressSpaceError } from "../errors.ts";
import { memoryCounts } from "./memory.layout.ts";
import { hasBoundsChecks } from "./bounds_checks.ts";

/** Pages of 64 KiB that a 32-bit index can address: 4 GiB. */
export const reachablePages = 65536;

/**
 * Limits of memories shared between threads, in pages. They have their full size of 2 GiB from the
 * start, so workers need not be notified of growth; the system commits only pages that are written.
 *
 * Without bounds checks the maximum is everything that an index can address, although the memory
 * never grows: V8 reserves that many addresses, and accesses beyond the full size fault. With
 * checks the maximum equals the size, so that V8 checks against a constant (U-Net training takes 8
 * to 11 % longer on a memory that may grow).
 */
export function sharedLimits(): { readonly initial: number; readonly maximum: number } {
  const { PAGE_COUNT } = memoryCounts.values;
  return { initial: PAGE_COUNT, maximum: hasBoundsChecks() ? PAGE_COUNT : reachablePages };
}

/**
 * Creates a memory shared between threads, with {@link sharedLimits}.
 *
 * @throws {RangeError} If V8 checks bounds and the address space is exhausted.
 * @throws {AddressSpaceError} See {@link guarded}.
 */
export function fullSharedMemory(): WebAssembly.Memory {
  return guarded(() => new WebAssembly.Memory({ ...sharedLimits(), shared: true }));
}

/**
 * Creates an unshared memory of `pages` pages, for single-threaded modules.
 *
 * @throws {RangeError} If V8 checks bounds and the address space is exhausted.
 * @throws {AddressSpaceError} See {@link guarded}.
 */
export function ownMemory(pages: number): WebAssembly.Memory {
  const maximum = hasBoundsChecks() ? pages : reachablePages;
  return guarded(() => new WebAssembly.Memory({ initial: pages, maximum }));
}

/** Inaccessible guard regions behind the memories, kept for the life of the process. */
const spaces: WebAssembly.Memory[] = [];

/**
 * Creates a memory with maximum {@link reachablePages}, or an object that owns one, so that
 * out-of-bounds accesses fault even if V8 does not check bounds (`hasBoundsChecks`): every 32-bit
 * index falls into the memory's own reservation.
 *
 * Index plus an instruction's constant offset can reach up to 64 KiB further. So an inaccessible
 * region of the same size is reserved first: the system places each reservation of that size below
 * the previous one, which puts the region right behind the memory. Whatever the process maps between the
 * two may come to lie there instead, so `make` must do nothing else: a module is compiled before,
 * because its bytes are copied.
 *
 * If address space is short, V8 silently reserves less than the maximum. Growing one more memory to
 * its full size reveals that; it is never written to, so it takes no physical memory.
 *
 * @throws {AddressSpaceError} If V8 does not check bounds and cannot reserve 4 GiB per memory.
 */
export function guarded(make: () => WebAssembly.Memory): WebAssembly.Memory;
export function guarded<T>(make: () => Promise<T>): Promise<T>;
export function guarded<T>(make: () => T | Promise<T>): T | Promise<T> {
  if (hasBoundsChecks()) return make();
  let made: T | Promise<T>;
  try {
    spaces.push(reservation());
    made = make();
  } catch (error) {
    throw error instanceof RangeError ? tooFewAddresses() : error;
  }
  return made instanceof Promise ? made.then(requireReserved) : requireReserved(made);
}

/** Returns `made` unless V8 had to reserve less address space than its maximum. */
function requireReserved<T>(made: T): T {
  try {
    reservation().grow(reachablePages);
  } catch {
    throw tooFewAddresses();
  }
  return made;
}

function tooFewAddresses(): AddressSpaceError {
  return new AddressSpaceError(
    "V8 runs without WebAssembly bounds checks (--no-wasm-bounds-checks), which takes 4 GiB of " +
      "address space per memory, and there is too little: start without that flag",
  );
}

function reservation(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 0, maximum: reachablePages });
}
