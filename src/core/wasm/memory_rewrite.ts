import {
  concatenated,
  encode,
  FUNCTION,
  IMPORTS,
  MEMORIES,
  MEMORY,
  Reader,
  sectionsOf,
  TABLE,
  text,
  TYPES,
  withSection,
} from "./binary.ts";
import { reachablePages, sharedLimits } from "./guarded_memory.ts";

/** Flags of memory limits: shared with a maximum; unshared with a maximum. */
const [SHARED, BOUNDED] = [3, 1];

/**
 * Rewrites a module to import a memory as made by `fullSharedMemory` in place of its one memory,
 * whether defined or imported. WebAssembly distinguishes shared from unshared memories, tfjs
 * publishes no single-threaded module on a shared one, and V8 checks bounds against a constant if
 * both module and memory declare that it never grows.
 *
 * @param name Import name, in module `env`, for a memory that the module defined; an imported
 *   memory keeps its name.
 * @throws {RangeError} If it has no memory.
 */
export function onSharedMemory(module: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const { initial, maximum } = sharedLimits();
  const limits = [SHARED, ...encode(initial), ...encode(maximum)];
  const sections = sectionsOf(module);
  const own = sections.some(({ id }) => id === MEMORIES);
  const imports = sections.find(({ id }) => id === IMPORTS);
  const { entries, memories } = importsOf(imports?.body ?? new Uint8Array([0]), limits);
  if (!own && memories === 0) throw new RangeError("the module has no memory");
  if (own) entries.push([...text("env"), ...text(name), MEMORY, ...limits]);
  const rewritten = [...encode(entries.length), ...entries.flat()];
  const pieces: ArrayLike<number>[] = [module.subarray(0, 8)];
  for (const { id, body } of sections) {
    if (id === MEMORIES) continue;
    pieces.push(...withSection(id, id === IMPORTS ? rewritten : body));
    // The import section comes right after the types, the first section.
    if (id === TYPES && imports === undefined) pieces.push(...withSection(IMPORTS, rewritten));
  }
  return concatenated(pieces);
}

/**
 * Rewrites a module so that the maximum of its own memory is everything that a 32-bit index can
 * address; the engine then reserves that many addresses.
 *
 * @throws {RangeError} If it has no memory of its own, or more than one.
 */
export function withReachableMaximum(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(module);
  const own = sections.find(({ id }) => id === MEMORIES);
  const reader = new Reader(own?.body ?? new Uint8Array([0]), 0);
  if (reader.number() !== 1) throw new RangeError("expected a module with one memory of its own");
  reader.byte();
  const rewritten = [1, BOUNDED, ...encode(reader.number()), ...encode(reachablePages)];
  return concatenated([
    module.subarray(0, 8),
    ...sections.flatMap(({ id, body }) => withSection(id, id === MEMORIES ? rewritten : body)),
  ]);
}

/** The entries of an import section, memories with new limits, and the number of memories. */
function importsOf(
  body: Uint8Array,
  limits: readonly number[],
): { readonly entries: number[][]; readonly memories: number } {
  const reader = new Reader(body, 0);
  let memories = 0;
  const entries = Array.from({ length: reader.number() }, () => {
    const begin = reader.at;
    reader.bytes(reader.number());
    reader.bytes(reader.number());
    const kind = reader.byte();
    if (kind === MEMORY) {
      const name = body.subarray(begin, reader.at);
      reader.skipLimits();
      memories++;
      return [...name, ...limits];
    }
    if (kind === FUNCTION) {
      reader.number();
    } else if (kind === TABLE) {
      reader.byte();
      reader.skipLimits();
    } else {
      reader.bytes(2); // a global's type and mutability
    }
    return [...body.subarray(begin, reader.at)];
  });
  return { entries, memories };
}
