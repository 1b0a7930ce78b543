import { CODE, Reader, sectionsOf } from "../src/core/wasm/binary.ts";

/**
 * How far beyond a 32-bit index the instructions of modules reach. Without bounds checks V8 adds an
 * instruction's constant offset to the index in 64 bits, so an access ends at most this far beyond
 * the 4 GiB reserved for a memory.
 */

/** Limit for modules in bytes: the page that our memories leave unused at their beginning. */
export const MOST_REACH = 65536;

/** Access widths in bytes of opcodes 0x28 to 0x3e: loads i32.load to i64.load32_u, then stores. */
const plainWidths = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4];
/** Access widths of vector opcodes 0 to 11, v128.load to v128.store. */
const vectorWidths = [16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8, 16];
/** Access widths of vector opcodes 84 to 93: lane loads and stores, then v128.load32/64_zero. */
const laneWidths = [1, 2, 4, 8, 1, 2, 4, 8, 4, 8];
/** Access widths of the seven variants of each atomic operation. */
const atomicWidths = [4, 8, 1, 2, 1, 2, 4];

/**
 * Largest sum of constant offset and width over a module's accesses; 0 if it has none.
 *
 * Source: WebAssembly Core Specification 2.0, section 5.4 (instructions), with its extensions for
 * threads, tail calls and relaxed SIMD.
 *
 * @throws {RangeError} If it contains an unknown instruction.
 */
export function reachOf(module: Uint8Array): number {
  const code = sectionsOf(module).find(({ id }) => id === CODE);
  if (code === undefined) return 0;
  const reader = new Reader(code.body, 0);
  let reach = 0;
  for (let left = reader.number(); left > 0; left--) {
    const end = reader.number() + reader.at;
    for (let runs = reader.number(); runs > 0; runs--) {
      reader.number(); // number of locals
      reader.byte(); // their type
    }
    while (reader.at < end) reach = Math.max(reach, reachOfNext(reader));
  }
  return reach;
}

/** Reads an instruction and returns its reach; 0 unless it is an access. */
function reachOfNext(reader: Reader): number {
  const opcode = reader.byte();
  if (opcode >= 0x28 && opcode <= 0x3e) return access(reader, plainWidths[opcode - 0x28]!);
  switch (opcode) {
    case 0xfc:
      return skip(reader, manyImmediates(reader.number()));
    case 0xfd:
      return reachOfVector(reader, reader.number());
    case 0xfe:
      return reachOfAtomic(reader, reader.number());
    case 0x0e: // br_table
      return skip(reader, reader.number() + 1);
    case 0x1c: // typed select
      return skip(reader, reader.number());
    case 0x43:
      reader.bytes(4);
      return 0;
    case 0x44:
      reader.bytes(8);
      return 0;
    case 0x11: // call_indirect
    case 0x13:
      return skip(reader, 2);
    // block, loop, if; branches; calls; variables and tables; memory.size and grow; integers; references
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x0c:
    case 0x0d:
    case 0x10:
    case 0x12:
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
    case 0x25:
    case 0x26:
    case 0x3f:
    case 0x40:
    case 0x41:
    case 0x42:
    case 0xd0:
    case 0xd2:
      return skip(reader, 1);
    // unreachable, nop, else, end, return, drop, select, ref.is_null
    case 0x00:
    case 0x01:
    case 0x05:
    case 0x0b:
    case 0x0f:
    case 0x1a:
    case 0x1b:
    case 0xd1:
      return 0;
  }
  if (opcode >= 0x45 && opcode <= 0xc4) return 0; // arithmetic
  throw new RangeError(`instruction 0x${opcode.toString(16)} is unknown`);
}

/** Number of immediates of an instruction with prefix 0xfc. */
function manyImmediates(opcode: number): number {
  if (opcode <= 7) return 0; // conversions
  const [init, copy, tableInit, tableCopy] = [8, 10, 12, 14];
  if (opcode <= 17) return [init, copy, tableInit, tableCopy].includes(opcode) ? 2 : 1;
  throw new RangeError(`instruction 0xfc ${opcode} is unknown`);
}

function reachOfVector(reader: Reader, opcode: number): number {
  if (opcode <= 11) return access(reader, vectorWidths[opcode]!);
  if (opcode >= 84 && opcode <= 93) {
    const reach = access(reader, laneWidths[opcode - 84]!);
    if (opcode <= 91) reader.byte(); // the lane
    return reach;
  }
  if (opcode === 12 || opcode === 13) reader.bytes(16); // a constant, a shuffle
  else if (opcode >= 21 && opcode <= 34) reader.byte(); // a lane
  else if (opcode > 275) throw new RangeError(`instruction 0xfd ${opcode} is unknown`);
  return 0;
}

function reachOfAtomic(reader: Reader, opcode: number): number {
  if (opcode === 3) return skip(reader, 1); // a fence
  if (opcode <= 2) return access(reader, opcode === 2 ? 8 : 4); // notify, and waits
  if (opcode < 16 || opcode > 78) throw new RangeError(`instruction 0xfe ${opcode} is unknown`);
  return access(reader, atomicWidths[(opcode - 16) % 7]!);
}

/** Reads the alignment and offset of an access and returns its reach. */
function access(reader: Reader, width: number): number {
  reader.number();
  return reader.number() + width;
}

function skip(reader: Reader, numbers: number): 0 {
  for (; numbers > 0; numbers--) while (reader.byte() >= 128);
  return 0;
}
