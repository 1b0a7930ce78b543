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

/** Limits of a memory: it is shared and has a maximum; it is not shared and has one. */
const [SHARED, BOUNDED] = [3, 1];

/**
 * Rewrites a module so that it imports the memory that `fullSharedMemory` makes in the place of its
 * one memory, its own or imported: WebAssembly tells shared memories from others, tfjs publishes no
 * module of one thread on a shared one, and V8 checks bounds against a constant where module and
 * memory say that the memory never grows.
 *
 * @param name What it imports an own memory as, of the module `env`; one that it imports keeps its name.
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
    // Imports follow upon types, the first section.
    if (id === TYPES && imports === undefined) pieces.push(...withSection(IMPORTS, rewritten));
  }
  return concatenated(pieces);
}

/**
 * Rewrites a module so that its own memory may grow to all that an index of 32 bits reaches, so
 * that the engine reserves as many addresses for it.
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

/** A section's imports, a memory with these limits, and how many memories there are. */
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
      reader.bytes(2); // a global's type, and whether it changes
    }
    return [...body.subarray(begin, reader.at)];
  });
  return { entries, memories };
}
