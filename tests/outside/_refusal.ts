import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";

/**
 * A function that gives the message of the `InputError` by which a reading is refused.
 *
 * @param folder Of the files that are read; the message is given without it.
 */
export function refusalsIn(folder: string) {
  return async (reading: Promise<unknown> | (() => unknown)): Promise<string> => {
    try {
      await (typeof reading === "function" ? reading() : reading);
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
      return error.message.replace(folder, "");
    }
    assert.fail("it was read");
  };
}
