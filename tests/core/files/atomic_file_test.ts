import assert from "node:assert/strict";
import { writeFileAtomic, writePiecesAtomic } from "../../../src/core/files/atomic_file.ts";
import { FailureError } from "../../../src/core/errors.ts";
import { inFolder } from "../../support/in_folder.ts";

const FULL = Deno.build.os === "windows" ? 112 : 28;

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);

Deno.test("writeFileAtomic() replaces the content and leaves no other file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/weights`;
    await writeFileAtomic(path, "old and longer");
    await writeFileAtomic(path, "new: ∇");
    assert.equal(await Deno.readTextFile(path), "new: ∇");
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    await writeFileAtomic(path, bytes);
    assert.deepEqual(await Deno.readFile(path), bytes);
    await writeFileAtomic(path, new Uint8Array(0));
    assert.equal((await Deno.stat(path)).size, 0);
    assert.deepEqual(names(folder), ["weights"]);
  }));

Deno.test("writeFileAtomic() called concurrently leaves the whole content of one call", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log`;
    const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    assert.ok(contents.includes(await Deno.readTextFile(path)));
    assert.deepEqual(names(folder), ["log"]);
  }));

Deno.test("writeFileAtomic() leaves the old file intact when it cannot replace it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/taken`;
    await Deno.mkdir(path); // a rename onto a folder fails
    await Deno.writeTextFile(`${path}/inside`, "stays");
    await assert.rejects(
      writeFileAtomic(path, "new"),
      (error: Error) => !(error instanceof FailureError),
    );
    assert.equal(await Deno.readTextFile(`${path}/inside`), "stays");
    assert.deepEqual(names(folder), ["taken"]);
    await assert.rejects(writeFileAtomic(`${folder}/nowhere/file`, "new"), {
      name: "FailureError",
      message: /nowhere\/file: its folder .*\/nowhere\/ is gone/,
    });
  }));

Deno.test("writeFileAtomic() accepts every name that the system does, and reports a longer one", () =>
  inFolder(async (folder) => {
    for (const letter of ["x", "\u{1f600}"]) {
      const longest = letter.repeat(Math.floor(255 / new TextEncoder().encode(letter).length));
      await writeFileAtomic(`${folder}/${longest}`, "fits");
      assert.equal(await Deno.readTextFile(`${folder}/${longest}`), "fits");
      await assert.rejects(writeFileAtomic(`${folder}/${longest}x`.padEnd(400, "x"), "new"), {
        name: "InputError",
        message: /the name is too long for the file system; choose a shorter one$/,
      });
    }
    assert.equal(names(folder).length, 2);
  }));

/** The call that fails, the message that Deno throws, and the message that the user sees. */
const faults = [
  [
    "sync",
    "Input/output error (os error 5)",
    /x: the disk failed while it was written \(Input\/output error/,
  ],
  ["write", "File too large (os error 27)", /x: 3 bytes exceed the largest file size here/],
  ["sync", "Disk quota exceeded (os error 122)", /x: no room left on the disk for 3 bytes/],
] as const;

for (const [method, message, expected] of Deno.build.os === "linux" ? faults : []) {
  Deno.test(`writeFileAtomic() explains ${message}`, () =>
    inFolder(async (folder) => {
      const original = Deno.FsFile.prototype[method];
      await writeFileAtomic(`${folder}/x`, "old");
      try {
        const fail = () => Promise.reject(new Error(message));
        Object.assign(Deno.FsFile.prototype, { [method]: fail });
        const failed = { name: "FailureError", message: expected };
        await assert.rejects(writeFileAtomic(`${folder}/x`, "new"), failed);
      } finally {
        Object.assign(Deno.FsFile.prototype, { [method]: original });
      }
      assert.equal(await Deno.readTextFile(`${folder}/x`), "old");
      assert.deepEqual(names(folder), ["x"]);
    }));
}

Deno.test("writeFileAtomic() on a full disk says so and removes its temporary file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/checkpoint`;
    await writeFileAtomic(path, "the last good one");
    // The error that Deno throws for ENOSPC (observed on a full tmpfs), after half of the bytes.
    const open = Deno.open;
    Deno.open = async (...given) => {
      const file = await open(...given);
      const write = file.write.bind(file);
      let calls = 0;
      file.write = (bytes) =>
        calls++ === 0
          ? write(bytes.subarray(0, bytes.length / 2))
          : Promise.reject(new Error(`No space left on device (os error ${FULL})`));
      return file;
    };
    try {
      await assert.rejects(writeFileAtomic(path, "x".repeat(1000)), (error: Error) => {
        assert.ok(error instanceof FailureError);
        assert.match(error.message, /checkpoint: no room left on the disk for 1000 bytes/);
        return true;
      });
    } finally {
      Deno.open = open;
    }
    assert.equal(await Deno.readTextFile(path), "the last good one");
    assert.deepEqual(names(folder), ["checkpoint"]);
  }));

Deno.test("writePiecesAtomic() keeps the old content when a piece fails", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/points.csv`;
    const bytes = (text: string) => new TextEncoder().encode(text);
    await writePiecesAtomic(path, [bytes("1,2\n"), bytes("3,4\n")]);
    assert.equal(await Deno.readTextFile(path), "1,2\n3,4\n");
    const broken = (function* () {
      yield bytes("5,6\n");
      throw new Error("the solve stopped");
    })();
    await assert.rejects(writePiecesAtomic(path, broken), /the solve stopped/);
    assert.equal(await Deno.readTextFile(path), "1,2\n3,4\n");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["points.csv"]);
  });
});
