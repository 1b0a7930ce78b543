import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import { Random } from "./random.ts";

/** A parser, and how inputs for it are made. */
export interface FuzzTarget {
  /** Under which `deno task fuzz --target` knows it. */
  readonly name: string;
  /** An input, mostly well-formed in its structure and wrong somewhere in it. */
  make(random: Random): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Parses it and checks what has to hold of the result.
   *
   * @throws {InputError} If the input is not valid; anything else is a fault that was found.
   */
  parse(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
}

/** An input on which a parser did not do what it promises. */
export interface Finding {
  readonly target: FuzzTarget;
  readonly seed: number;
  readonly index: number;
  readonly input: Uint8Array<ArrayBuffer>;
  readonly error: unknown;
}

/** No input of a fuzzer is large: what takes longer takes time out of proportion. */
const MOST_MS = 10_000;

/**
 * Parses one input.
 *
 * @throws Whatever is not as promised: another error than an `InputError`, a message that is not
 *   one short line, a result that does not hold, or a time out of proportion.
 */
export async function tryInput(target: FuzzTarget, input: Uint8Array<ArrayBuffer>): Promise<void> {
  const started = performance.now();
  try {
    await target.parse(input);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    assert.match(error.message, /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]{1,2000}$/u);
  }
  const took = performance.now() - started;
  assert.ok(took < MOST_MS, `it took ${Math.round(took)} ms`);
}

/** What is tried: inputs `from`, `from + 1`, ... of a seed, until `count` were made or the time is up. */
export interface FuzzRange {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  /** As `performance.now()` counts. */
  readonly untilMs: number;
}

/** Tries inputs for a target. @returns How many there were, and the first finding, or null. */
export async function fuzz(
  target: FuzzTarget,
  { seed, from, count, untilMs }: FuzzRange,
): Promise<{ readonly tried: number; readonly finding: Finding | null }> {
  let tried = 0;
  for (; tried < count && performance.now() < untilMs; tried++) {
    const index = from + tried;
    const input = await target.make(new Random(seed, index));
    try {
      await tryInput(target, input);
    } catch (error) {
      return { tried: tried + 1, finding: { target, seed, index, input, error } };
    }
  }
  return { tried, finding: null };
}
