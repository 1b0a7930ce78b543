import assert from "node:assert/strict";
import { checkFile } from "../../../src/data/downloads/checked_file.ts";
import { sha256Hex } from "../../../src/data/downloads/sha256.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated } from "../values.ts";
import { gzipped } from "./gzip.ts";

const content = new TextEncoder().encode("the content of a file that is published\n".repeat(20));
const archive = await gzipped(content);
const file = { name: "a", bytes: content.length, archiveSha256: await sha256Hex(archive) };
const sha256 = await sha256Hex(content);

/** A download held against its manifest, with a hash of the content, or of the archive alone. */
export const manifest: FuzzTarget = {
  name: "manifest",
  async make(random: Random) {
    const bytes = random.pick([content, archive]);
    if (random.chance(0.2)) return bytes.slice();
    const changed = mutated(bytes, random);
    return random.chance(0.3) ? await gzipped(changed) : changed;
  },
  async parse(bytes) {
    for (const known of [sha256, null]) {
      const found = await checkFile(bytes, "f", { ...file, sha256: known });
      assert.equal(found.contentSha256, sha256, "damaged content was taken for the file");
    }
  },
};
