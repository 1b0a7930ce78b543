import assert from "node:assert/strict";
import { thirdPartyLicenses } from "../../tools/licenses.ts";

Deno.test("THIRD_PARTY_LICENSES.md lists what the program embeds", async () => {
  const committed = Deno.readTextFileSync(
    new URL("../../THIRD_PARTY_LICENSES.md", import.meta.url),
  );
  // Not equal(): it would print both texts.
  assert.ok(committed === await thirdPartyLicenses(), "it is outdated; run: deno task licenses");
});
