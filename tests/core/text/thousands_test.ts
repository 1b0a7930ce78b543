import assert from "node:assert/strict";
import { withThousands } from "../../../src/core/text/thousands.ts";

Deno.test("withThousands() groups the digits of integers as en-US does", () => {
  for (const value of [0, 7, 999, 1000, 60_000, 1_234_567, -1000, -123, 123_456_789_012]) {
    assert.equal(withThousands(value), value.toLocaleString("en-US"));
  }
});
