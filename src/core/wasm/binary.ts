/** Reading and writing the WebAssembly binary format, as far as module rewriting needs it. */

/** Section ids. */
export const [TYPES, IMPORTS, MEMORIES, CODE] = [1, 2, 5, 10] as const;
/** Import kinds. */
export const [FUNCTION, TABLE, MEMORY] = [0, 1, 2] as const;

/** A section of a module. */
export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/** The sections of a module, in order. */
export function sectionsOf(module: Uint8Array): Section[] {
  const reader = new Reader(module, 8);
  const sections: Section[] = [];
  while (!reader.ended) {
    const id = reader.byte();
    sections.push({ id, body: reader.bytes(reader.number()) });
  }
  return sections;
}

/** An encoded section: id, length and body. */
export function withSection(id: number, body: ArrayLike<number>): ArrayLike<number>[] {
  return [[id, ...encode(body.length)], body];
}

/** Concatenates byte arrays. */
export function concatenated(pieces: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** An encoded ASCII name: its length, then its bytes. */
export function text(value: string): number[] {
  return [...encode(value.length), ...new TextEncoder().encode(value)];
}

/** An unsigned integer in LEB128, seven bits per byte. */
export function encode(value: number): number[] {
  const bytes: number[] = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}

/** Cursor over a module or a section, starting at byte `at`. */
export class Reader {
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
