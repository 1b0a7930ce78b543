import type { SchemaElement } from "hyparquet";

/** Longest decimals and most digits behind the point: of 256 bits, the longest that programs write. */
const MOST_BYTES = 32, MOST_DECIMALS = 76;

/** Powers of ten up to this one are exact in float64. */
const EXACT_POWER = 22;

/** A decimal as a float64, and exactly if it is whole. */
export interface DecimalNumber {
  /** The nearest float64. */
  readonly nearest: number;
  /** Null if it has a fraction, or is within 2^53, where the float64 is exact. */
  readonly whole: bigint | null;
}

/**
 * Digits behind the point of a column of decimals; null for other columns.
 *
 * @throws {RangeError} If they are negative or too many.
 */
export function decimalScale(element: SchemaElement): number | null {
  const { logical_type: logical, converted_type: converted } = element;
  if (logical?.type !== "DECIMAL" && converted !== "DECIMAL") return null;
  const scale = (logical?.type === "DECIMAL" ? logical.scale : element.scale) ?? 0;
  if (Number.isInteger(scale) && scale >= 0 && scale <= MOST_DECIMALS) return scale;
  throw new RangeError("the scale of a decimal does not fit");
}

/** The schema with decimals as they are stored: hyparquet rounds them before they are divided. */
export function withoutDecimals(schema: readonly SchemaElement[]): SchemaElement[] {
  return schema.map((element) => {
    if (decimalScale(element) === null) return element;
    const { converted_type: _, logical_type: __, ...stored } = element;
    return stored;
  });
}

/**
 * A decimal's number.
 *
 * Source: Parquet format, "Logical types", DECIMAL: unscaled value times 10^-scale; of bytes, a
 * big-endian two's complement.
 *
 * @param stored An integer, or bytes.
 * @throws {RangeError} If it is neither, or too long.
 */
export function decimalNumber(stored: unknown, scale: number): DecimalNumber {
  const unscaled = unscaledOf(stored);
  const small = Number(unscaled);
  const isExact = Number.isSafeInteger(small) && scale <= EXACT_POWER;
  const nearest = isExact ? small / 10 ** scale : Number(`${unscaled}e-${scale}`);
  if (Math.abs(nearest) <= Number.MAX_SAFE_INTEGER) return { nearest, whole: null };
  const power = 10n ** BigInt(scale);
  return { nearest, whole: unscaled % power === 0n ? unscaled / power : null };
}

function unscaledOf(stored: unknown): bigint {
  if (typeof stored === "bigint") return stored;
  if (typeof stored === "number") return BigInt(stored);
  if (!(stored instanceof Uint8Array) || stored.length > MOST_BYTES) {
    throw new RangeError("a decimal is no integer, or too long");
  }
  const value = stored.reduce((value, byte) => value << 8n | BigInt(byte), 0n);
  return BigInt.asIntN(8 * stored.length, value);
}
