// Commands in messages work when typed in the user's folder.
import assert from "node:assert/strict";
import { fluxion, inFolder, type Surroundings } from "./_fluxion.ts";
import { onTerminal } from "./_terminal.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

Deno.test("messages name commands as typed: deno task fluxion from a checkout, names quoted", () =>
  inFolder(async (cwd) => {
    const options = "--steps 1 --batch-size 8 --hidden 4 --backend cpu";
    const trained = await fluxion(["train", "cnf", "--run", "my run", ...options.split(" ")], {
      cwd,
    });
    assert.equal(trained.code, 0, trained.stderr);
    await Deno.remove(`${cwd}/my run/checkpoint.safetensors`);
    await Deno.remove(`${cwd}/my run/model.safetensors`);

    const plain = await fluxion(["sample", "my run", "--out", "-"], { cwd });
    assert.match(plain.stderr, /; finish it with fluxion train cnf --resume --run '.*\/my run'\n$/);

    const task = `deno task -q --config ${root}/deno.json`;
    const typed = await onTerminal(`${task} fluxion sample 'my run' --out -`, { columns: 80, cwd });
    // The command stands on a line of its own, however long.
    const command = typed.lines
      .map((line) => /^ +deno task (fluxion train cnf --resume --run .*)$/.exec(line)?.[1])
      .find((found) => found !== undefined);
    assert.ok(command !== undefined, typed.lines.join("\n"));
    const finished = await onTerminal(`${task} ${command}`, { columns: 80, cwd });
    assert.equal(finished.code, 0, finished.lines.join("\n"));
  }));

Deno.test("the lines of a sweep start the program as it was started, from any folder", () =>
  inFolder(async (cwd) => {
    const lines = async (around: Surroundings) => {
      const sweep = ["sweep", "train", "cnf", "--seed", "0..1", "--run-dir", `${cwd}/s`];
      const { code, stdout, stderr } = await fluxion([...sweep, "--dry-run"], around);
      assert.equal(code, 0, stderr);
      return stdout.trimEnd().split("\n");
    };
    for (const line of await lines({ cwd })) assert.match(line, /^fluxion train cnf /);
    // As `deno task` starts it.
    const start = `deno task -q --cwd ${root} fluxion train cnf `;
    const task = await lines({ cwd: root, env: { INIT_CWD: cwd } });
    assert.ok(task.length === 2 && task.every((line) => line.startsWith(start)), task.join("\n"));
  }));
