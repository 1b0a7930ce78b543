/**
 * Records and constants shared between TypeScript and kernels in other languages, each declared
 * once.
 *
 * A file `NAME.layout.ts` declares them. TypeScript imports that file; `deno task build:layouts`
 * writes `NAME.layout.part.as.ts` beside it for AssemblyScript. Fields are laid out in declaration
 * order, each aligned to its size, as in C, AssemblyScript's unmanaged classes and WGSL.
 */

import { roundUp } from "../numbers/round_up.ts";

/** Field types and their sizes in bytes. WGSL has neither f64 nor addresses. */
const fieldBytes = { i32: 4, u32: 4, f32: 4, f64: 8, address: 4 } as const;

/** A field's type. */
export type FieldType = keyof typeof fieldBytes;

/** Fields in memory order: the type and description of each. */
export type Fields<Name extends string> = Readonly<
  Record<Name, readonly [type: FieldType, about: string]>
>;

/** Memory layout of a record. */
export interface RecordLayout<Name extends string = string> {
  readonly kind: "record";
  /** Name of the record in kernels. */
  readonly name: string;
  readonly about: string;
  /** The record that it extends. */
  readonly base: RecordLayout | null;
  /** Its own fields, which follow those of the base. */
  readonly fields: Fields<string>;
  /** The type of each field, those of the base included. */
  readonly types: Readonly<Record<Name, FieldType>>;
  /** Byte offset of each field, those of the base included. */
  readonly at: Readonly<Record<Name, number>>;
  /** Size in bytes, a multiple of 8. */
  readonly bytes: number;
}

/**
 * Computes the layout of a record.
 *
 * @param base Record that it extends: its address is also a valid address of the base.
 */
export function recordLayout<Name extends string, BaseName extends string = never>(
  { name, about, base = null }: {
    readonly name: string;
    readonly about: string;
    readonly base?: RecordLayout<BaseName> | null;
  },
  fields: Fields<Name>,
): RecordLayout<Name | BaseName> {
  const types: Record<string, FieldType> = { ...base?.types };
  const at: Record<string, number> = { ...base?.at };
  let end = Math.max(0, ...Object.keys(at).map((field) => at[field]! + fieldBytes[types[field]!]));
  for (const [field, [type]] of Object.entries<Fields<Name>[Name]>(fields)) {
    const bytes = fieldBytes[type];
    types[field] = type;
    at[field] = roundUp(end, bytes);
    end = at[field] + bytes;
  }
  const bytes = roundUp(end, 8);
  return {
    ...{ kind: "record", name, about, base, fields, bytes },
    types: types as Record<Name | BaseName, FieldType>,
    at: at as Record<Name | BaseName, number>,
  };
}

/** Reads a field of a record in memory. */
export function readField<Name extends string>(place: RecordPlace<Name>, field: Name): number {
  return recordReader(place, 1)(0, field);
}

/**
 * A function that reads a field of one of `count` records that follow each other, from 0: with one view of the
 * memory, where {@link readField} makes one per field.
 *
 * @param place Of the first record.
 */
export function recordReader<Name extends string>(
  { memory, at: begin, layout: { bytes, at, types } }: RecordPlace<Name>,
  count: number,
): (record: number, field: Name) => number {
  const view = new DataView(memory.buffer, begin, count * bytes);
  return (record, field) => {
    const offset = record * bytes + at[field], type = types[field];
    switch (type) {
      case "i32":
        return view.getInt32(offset, true);
      case "u32":
      case "address":
        return view.getUint32(offset, true);
      case "f32":
        return view.getFloat32(offset, true);
      case "f64":
        return view.getFloat64(offset, true);
      default:
        return type satisfies never;
    }
  };
}

/**
 * Writes a field of a record in memory.
 *
 * @throws {RangeError} If the field has an integer type that cannot represent the value.
 */
export function writeField<Name extends string>(
  { memory, at, layout }: RecordPlace<Name>,
  field: Name,
  value: number,
): void {
  const view = new DataView(memory.buffer, at + layout.at[field], fieldBytes[layout.types[field]]);
  const type = layout.types[field];
  switch (type) {
    case "i32":
      requireWhole(field, value, [-(2 ** 31), 2 ** 31]);
      return view.setInt32(0, value, true);
    case "u32":
    case "address":
      requireWhole(field, value, [0, 2 ** 32]);
      return view.setUint32(0, value, true);
    case "f32":
      return view.setFloat32(0, value, true);
    case "f64":
      return view.setFloat64(0, value, true);
    default:
      return type satisfies never;
  }
}

function requireWhole(field: string, value: number, [least, end]: readonly [number, number]): void {
  if (Number.isInteger(value) && value >= least && value < end) return;
  throw new RangeError(`${field}: ${value} is not a whole number from ${least} to ${end - 1}`);
}

/** The location of a record in a memory. */
export interface RecordPlace<Name extends string> {
  readonly memory: WebAssembly.Memory;
  /** Address of the record's first byte. */
  readonly at: number;
  readonly layout: RecordLayout<Name>;
}

/** Named constants shared with kernels. */
export interface Constants<Name extends string = string> {
  readonly kind: "constants";
  /** `size`: bytes, or an address. */
  readonly type: "i32" | "size";
  readonly values: Readonly<Record<Name, number>>;
  readonly about: Readonly<Record<Name, string>>;
}

/** Declares integer constants of one type: the value and description of each. */
export function constants<Name extends string>(
  type: Constants["type"],
  declared: Readonly<Record<Name, readonly [value: number, about: string]>>,
): Constants<Name> {
  const entries = Object.entries(declared) as [Name, readonly [number, string]][];
  return {
    kind: "constants",
    type,
    values: Object.fromEntries(entries.map(([name, [value]]) => [name, value])) as Record<
      Name,
      number
    >,
    about: Object.fromEntries(entries.map(([name, [, about]]) => [name, about])) as Record<
      Name,
      string
    >,
  };
}
