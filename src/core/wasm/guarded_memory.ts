import { AddressSpaceError } from "../errors.ts";
import { memoryCounts } from "./memory.layout.ts";
import { hasBoundsChecks } from "./bounds_checks.ts";

/** Pages of 64 KiB that an index of 32 bits reaches: 4 GiB. */
export const reachablePages = 65536;

/**
 * Limits of the memories that threads share, in pages. Their full size, 2 GiB, is there from the
 * beginning, of which the system gives what is written to: workers need not hear of growth.
 *
 * Without checks of bounds they may grow, which they never do, to all that an index reaches: V8
 * reserves as many addresses, and what lies behind the full size faults. With checks they may not:
 * V8 checks against a constant then (U-Net training takes 8 to 11 % longer on one that may grow).
 */
export function sharedLimits(): { readonly initial: number; readonly maximum: number } {
  const { PAGE_COUNT } = memoryCounts.values;
  return { initial: PAGE_COUNT, maximum: hasBoundsChecks() ? PAGE_COUNT : reachablePages };
}

/**
 * A memory that threads share, with {@link sharedLimits}.
 *
 * @throws {RangeError} If V8 checks bounds, and there is no room for it.
 * @throws {AddressSpaceError} See {@link guarded}.
 */
export function fullSharedMemory(): WebAssembly.Memory {
  return guarded(() => new WebAssembly.Memory({ ...sharedLimits(), shared: true }));
}

/**
 * A memory of so many pages for modules of one thread.
 *
 * @throws {RangeError} If V8 checks bounds, and there is no room for it.
 * @throws {AddressSpaceError} See {@link guarded}.
 */
export function ownMemory(pages: number): WebAssembly.Memory {
  const maximum = hasBoundsChecks() ? pages : reachablePages;
  return guarded(() => new WebAssembly.Memory({ initial: pages, maximum }));
}

/** Addresses without access behind the memories; kept for as long as the process lives. */
const spaces: WebAssembly.Memory[] = [];

/**
 * Makes a memory that may grow to {@link reachablePages}, or something that has one. Where V8 checks
 * no bounds (`hasBoundsChecks`), an index alone cannot leave that memory: it faults.
 *
 * An index and an instruction's constant offset may reach up to 64 KiB further. So as many
 * addresses without access are reserved just before: systems put a reservation of that size below
 * the last one, and the space comes to lie behind the memory.
 *
 * Where addresses are short, V8 reserves fewer than a memory may grow to, without a word. One more
 * memory, grown to its full size, shows whether it had to; nobody writes to that one, so that it
 * takes none of the machine's.
 *
 * @throws {AddressSpaceError} If V8 checks no bounds, and cannot reserve 4 GiB for each.
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

/** What was made, unless V8 had to reserve less for it than it may grow to. */
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
    "V8 runs without checks of WebAssembly's bounds (--no-wasm-bounds-checks), which takes " +
      "4 GiB of address space for each memory, and there is too little: start without that flag",
  );
}

function reservation(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 0, maximum: reachablePages });
}
