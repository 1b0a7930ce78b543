import assert from "node:assert/strict";
import { systemPath, systemWords } from "../../../src/core/files/system_fault.ts";
import { inFolder } from "../../support/in_folder.ts";

/** The error of a call that fails. */
async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  assert.fail("the call has succeeded");
}

Deno.test("systemWords() says what the system's refusals mean, without numbers and calls", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const long = "x".repeat(300);
    const cases = [
      ["nothing", /^no such file or folder$/],
      ["file/x", /^a part of the path is a file$/],
      [long, /^[^()]*name too long$/i],
    ] as const;
    for (const [name, words] of cases) {
      const path = `${folder}/${name}`;
      for (const call of [Deno.stat, Deno.open, Deno.readDir, Deno.readFile]) {
        const error = await errorOf(async () => {
          const found = call(path);
          return Symbol.asyncIterator in found ? await Array.fromAsync(found) : await found;
        });
        assert.match(systemWords(error), words);
        assert.ok([path, null].includes(systemPath(error)), systemPath(error)!);
      }
    }
    const missing = await errorOf(() => Deno.rename(`${folder}/nothing`, `${folder}/x`));
    assert.equal(systemPath(missing), `${folder}/nothing`);
  });
  const loop = new Error("Too many levels of symbolic links (os error 40): stat 'a/b'");
  loop.name = "FilesystemLoop";
  assert.deepEqual([systemWords(loop), systemPath(loop)], ["symbolic links form a loop", "a/b"]);
  assert.equal(systemWords(new Deno.errors.PermissionDenied("no")), "permission denied");
  assert.equal(
    systemWords(new Error("tcp connect error: Connection refused (os error 111)")),
    "tcp connect error: Connection refused",
  );
  assert.equal(systemPath(new Error("other")), null);
});
