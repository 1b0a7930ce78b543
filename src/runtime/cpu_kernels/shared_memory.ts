/** Pages of 64 KiB, 2 GiB: as much as tfjs's WebAssembly memory may grow to, taken at once. */
const PAGES = 32768;

/** Sections of a module, by their numbers in the binary format. */
const [TYPES, IMPORTS, MEMORIES] = [1, 2, 5];
/** Kinds of imports, each with what it says of itself. */
const [FUNCTION, TABLE, MEMORY] = [0, 1, 2];
/** Limits of a memory: it is shared and has a maximum. */
const SHARED = 3;

/**
 * The memory that {@link onSharedMemory}'s modules import. It has its full size from the beginning,
 * of which the system gives what is written to: V8 checks bounds against a constant then (a growing
 * shared memory makes the kernels 8 to 12 % slower), and workers need not hear of growth.
 *
 * @throws {RangeError} If there is no room for it.
 */
export function fullSharedMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
}

/**
 * Rewrites a module so that it imports {@link fullSharedMemory} in the place of its one memory,
 * its own or imported: WebAssembly tells shared memories from others, and tfjs publishes no
 * module of one thread on a shared one.
 *
 * @param name What it imports an own memory as, of the module `env`; one that it imports keeps its name.
 * @throws {RangeError} If it has no memory.
 */
export function onSharedMemory(module: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const reader = new Reader(module, 8);
  const sections: { readonly id: number; readonly body: Uint8Array }[] = [];
  while (!reader.ended) {
    const id = reader.byte();
    sections.push({ id, body: reader.bytes(reader.number()) });
  }
  const own = sections.some(({ id }) => id === MEMORIES);
  const imports = sections.find(({ id }) => id === IMPORTS);
  const { entries, memories } = importsOf(imports?.body ?? new Uint8Array([0]));
  if (!own && memories === 0) throw new RangeError("the module has no memory");
  if (own) entries.push([...text("env"), ...text(name), MEMORY, ...limits]);
  const rewritten = [...encode(entries.length), ...entries.flat()];
  const pieces: ArrayLike<number>[] = [module.subarray(0, 8)];
  for (const { id, body } of sections) {
    if (id === MEMORIES) continue;
    const section = id === IMPORTS ? rewritten : body;
    pieces.push([id, ...encode(section.length)], section);
    // Imports follow upon types, the first section.
    if (id === TYPES && imports === undefined) {
      pieces.push([IMPORTS, ...encode(rewritten.length)], rewritten);
    }
  }
  return concatenated(pieces);
}

/** The limits of the shared memory. */
const limits: readonly number[] = [SHARED, ...encode(PAGES), ...encode(PAGES)];

/** A section's imports, a memory with the shared one's limits, and how many memories there are. */
function importsOf(body: Uint8Array): { readonly entries: number[][]; readonly memories: number } {
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

function concatenated(pieces: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function text(value: string): number[] {
  return [...encode(value.length), ...new TextEncoder().encode(value)];
}

/** A whole number in LEB128, seven bits a byte. */
function encode(value: number): number[] {
  const bytes: number[] = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}

class Reader {
  constructor(readonly source: Uint8Array, public at: number) {}

  get ended(): boolean {
    return this.at >= this.source.length;
  }

  byte(): number {
    return this.source[this.at++]!;
  }

  bytes(count: number): Uint8Array {
    this.at += count;
    return this.source.subarray(this.at - count, this.at);
  }

  number(): number {
    let value = 0, shift = 0, byte: number;
    do {
      byte = this.byte();
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte >= 128);
    return value >>> 0;
  }

  skipLimits(): void {
    const hasMost = (this.byte() & 1) === 1;
    this.number();
    if (hasMost) this.number();
  }
}
