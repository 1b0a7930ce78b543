import assert from "node:assert/strict";
import {
  isTemporaryName,
  makeTemporaryFile,
  makeTemporaryFolder,
  sweepTemporaries,
} from "../../../src/core/files/temporary_file.ts";
import { inFolder } from "../../support/in_folder.ts";

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("sweepTemporaries() removes unlocked temporaries, and nothing else", () =>
  inFolder(async (folder) => {
    const held = await makeTemporaryFile(`${folder}/held.csv`);
    const left = await makeTemporaryFile(`${folder}/left.csv`);
    left.file.close(); // as the system does when a process is killed
    const others = ["mine.tmp", "other.0b5c1bd6-0000-4000-8000-000000000000.tmp", "left.csv"];
    for (const name of others) await Deno.writeTextFile(`${folder}/${name}`, "mine");
    {
      using heldFolder = await makeTemporaryFolder(`${folder}/pictures`);
      await Deno.writeTextFile(`${heldFolder.path}/1.png`, "half");
      await sweepTemporaries(folder);
      assert.deepEqual(names(folder).filter((name) => !isTemporaryName(name)), others.toSorted());
      assert.equal(names(folder).filter(isTemporaryName).length, 2);
      assert.ok((await Deno.stat(held.path)).isFile);
      assert.ok((await Deno.stat(`${heldFolder.path}/1.png`)).isFile);
    }
    held.file.close();
    await sweepTemporaries(folder);
    assert.deepEqual(names(folder), others.toSorted());
    await sweepTemporaries(`${folder}/nowhere`);
  }));

Deno.test("makeTemporaryFile() returns files that a concurrent sweep does not remove", () =>
  inFolder(async (folder) => {
    let done = false;
    const sweeping = (async () => {
      while (!done) await sweepTemporaries(folder);
    })();
    for (let i = 0; i < 200; i++) {
      const { path, file } = await makeTemporaryFile(`${folder}/points.csv`);
      await file.write(new TextEncoder().encode("1,2\n"));
      await Deno.rename(path, `${folder}/points.csv`);
      file.close();
    }
    done = true;
    await sweeping;
    assert.deepEqual(names(folder), ["points.csv"]);
  }));

Deno.test("sweepTemporaries() removes what a process killed while writing left behind", () =>
  inFolder(async (folder) => {
    const module = new URL("../../../src/core/files/atomic_file.ts", import.meta.url).href;
    const script = `import { writePiecesAtomic } from ${JSON.stringify(module)};
      await writePiecesAtomic(${JSON.stringify(`${folder}/points.csv`)}, (async function* () {
        yield new TextEncoder().encode("1,2\\n");
        console.log("writing");
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      })());`;
    await Deno.writeTextFile(`${folder}/write.ts`, script);
    const process = new Deno.Command("deno", {
      args: ["run", "-q", "--no-prompt", "--no-config", "--allow-all", `${folder}/write.ts`],
      stdout: "piped",
    }).spawn();
    const stdout = process.stdout.getReader();
    await stdout.read();
    await sweepTemporaries(folder);
    assert.equal(names(folder).filter(isTemporaryName).length, 1, "the process is still writing");
    process.kill("SIGKILL");
    await process.status;
    await stdout.cancel();
    await sweepTemporaries(folder);
    assert.deepEqual(names(folder), ["write.ts"]);
  }));
