import assert from "node:assert/strict";
import { fluxion, inFolder, start } from "./_fluxion.ts";

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
const tiny = ["--hidden", "4", "--batch-size", "8", "--backend", "cpu", "--quiet"];

/** Runs `fluxion ARGS` in a shell, between other shell code. */
async function inShell(args: readonly string[], around: [string, string], cwd: string) {
  const program = `deno run -q --no-prompt --frozen --config=${root}/deno.json -P=fluxion ` +
    `${root}/cli/main.ts ${args.join(" ")}`;
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", `${around[0]} ${program} ${around[1]}`],
    cwd,
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("system errors have messages of their own", async (t) => {
  await inFolder(async (folder) => {
    const train = ["train", "cnf", "--run", "run", "--steps", "1", ...tiny];
    const trained = await fluxion(train, { cwd: folder });
    assert.equal(trained.code, 0, trained.stderr);
    const sample = ["sample", "run", "--backend", "cpu", "--out"];

    await t.step("a full stdout", async () => {
      const { code, stderr } = await inShell([...sample, "-"], ["", "> /dev/full"], folder);
      assert.equal(code, 1);
      assert.match(stderr, /^fluxion: stdout: cannot be written \(No space left.*free some space/);
    });

    await t.step("a full stderr is ignored", async () => {
      const { code } = await inShell(["sample", "nowhere"], ["", "2> /dev/full"], folder);
      assert.equal(code, 2);
    });

    await t.step("a file size limit, which keeps the previous file", async () => {
      await Deno.writeTextFile(`${folder}/points.csv`, "old");
      // The default action of SIGXFSZ would end the process silently.
      const limit = "trap '' XFSZ; ulimit -f 16;";
      const args = [...sample, "points.csv", "--overwrite", "--n", "4000"];
      const { code, stderr } = await inShell(args, [limit, ""], folder);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /points\.csv: \d+ bytes exceed the largest file size here; .*ulimit -f/,
      );
      assert.equal(await Deno.readTextFile(`${folder}/points.csv`), "old");
      const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      assert.deepEqual(left, ["points.csv", "run"]);
    });

    await t.step("names that are too long", async () => {
      const long = "x".repeat(300);
      for (const args of [[...sample, `${long}.csv`], ["eval", long], [...train, "--run", long]]) {
        const given = args.includes("--quiet") ? ["train", "cnf", "--run", long] : args;
        const { code, stderr } = await fluxion(given, { cwd: folder });
        assert.equal(code, 2, stderr);
        assert.match(
          stderr,
          /^fluxion: .*([Nn]ame (is )?too long).*choose a(nother| shorter one).*\n$/,
        );
      }
    });

    await t.step("a run's folder removed during training", async () => {
      const args = ["train", "cnf", "--run", "gone", "--steps", "100000", "--save-seconds", "0"];
      const process = start([...args, ...tiny], { cwd: folder });
      const ended = process.output();
      const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);
      while (!await isThere(`${folder}/gone/metrics.json`)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      // The run keeps writing files there meanwhile.
      while (await isThere(`${folder}/gone`)) {
        await Deno.remove(`${folder}/gone`, { recursive: true }).catch(() => {});
      }
      const { code, stderr } = await ended;
      assert.equal(code, 1);
      const words = new TextDecoder().decode(stderr);
      assert.match(
        words,
        /^fluxion: .*gone\/.*: its folder .* is gone; it was removed in the meantime\n$/,
      );
      assert.equal(await isThere(`${folder}/gone`), false, "the folder is not recreated");
    });
  });
});
