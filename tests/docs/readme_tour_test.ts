// Every command of the README's tour, typed in its order on a pseudo-terminal in a new folder.
import assert from "node:assert/strict";
import { inFolder } from "../cli/_fluxion.ts";
import { onTerminal } from "../cli/_terminal.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** How to type a command so that it takes seconds; the first pattern that matches is used. */
const shortened: readonly (readonly [command: RegExp, type: (command: string) => string])[] = [
  [/ sweep /, (command) => command.replace("0..4", "0..1 --steps 2 --batch-size 8 --hidden 4")],
  [/ train fm --net resnet/, added("--steps 1 --batch-size 4 --filters 2 --blocks 1")],
  [/ train fm.* --data \w+/, added("--steps 2 --batch-size 8 --hidden 4")],
  [/ train fm/, added("--steps 1 --batch-size 2 --filters 4")],
  [/ train cnf --resume/, (command) => command.replace(/--steps \d+/, "--steps 3")],
  [/ train cnf .*--hidden \d+/, added("--steps 2 --batch-size 8")],
  [/ train cnf --init/, added("--steps 2 --batch-size 8 --hidden 4")],
  [/ train cnf/, added("--steps 2 --batch-size 8 --hidden 4")],
];

function added(options: string): (command: string) => string {
  return (command) => `${command} ${options}`;
}

/**
 * Commands that take minutes, and checks of theorems that theory_test.ts runs whole: interrupted once
 * they report progress.
 */
const interrupted = / homework | theory ddpm$| theory kfp --brief$/;

/** Lines of a bash start-up file. */
const ofBash = /^eval /;

/** The commands of a Markdown text's shell blocks, without their comments. */
function commandsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```(sh|console)\n([^]*?)^```/gm)].flatMap(([, kind, block]) =>
    block!.split("\n")
      .filter((line) => kind === "sh" || line.startsWith("$ "))
      .map((line) => line.replace(/^\$ /, "").replace(/ +# .*$/, "").trim())
      .filter((line) => line !== "")
  );
}

Deno.test("the commands of the README's tour work as typed, in order", () =>
  inFolder(async (cwd) => {
    const readme = await Deno.readTextFile(`${root}/README.md`);
    const tour = /\n## A tour\n([^]*?)\n## (?!#)/.exec(readme)![1]!;
    const commands = commandsOf(tour);
    assert.ok(commands.length >= 20, `${commands.length} commands`);
    await Deno.writeTextFile(
      `${cwd}/points.csv`,
      "a,b\n" +
        Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(i * i)}\n`).join(""),
    );
    await Deno.writeTextFile(
      `${cwd}/people.csv`,
      "name,height,weight\n" +
        Array.from({ length: 60 }, (_, i) => `p${i},${170 + 10 * Math.sin(i)},${60 + i % 7}\n`)
          .join("") +
        "p60,NA,70\n",
    );
    await Deno.writeTextFile(`${cwd}/my.json`, '{"model": "cnf", "steps": 2, "hidden": 4}');
    const failed: string[] = [];
    for (const command of commands) {
      if (command.includes("weights.safetensors")) await provideWeights(cwd);
      const shorter = shortened.find(([pattern]) => pattern.test(command))?.[1](command) ?? command;
      const plain = shorter
        .replaceAll(/\bRUN(\d)\b/g, (_, n) => `runs/cnf-moons-000${n}`)
        .replaceAll(/deno task (-q )?/g, `deno task -q --config ${root}/deno.json `);
      const typed = ofBash.test(plain) ? `bash -c '${plain}'` : plain;
      const stops = interrupted.test(command);
      const { code, lines } = await onTerminal(typed, {
        columns: 100,
        cwd,
        ...(stops
          ? { keys: { text: "\x03", at: /left in all|step \d+|checking its claims/ } }
          : {}),
      });
      if (code !== (stops ? 130 : 0)) {
        failed.push(`${typed}: ${code}\n${lines.slice(-5).join("\n")}`);
      }
    }
    assert.deepEqual(failed, []);
  }));

/** Somebody's `weights.safetensors`: those of the newest CNF here. */
async function provideWeights(cwd: string): Promise<void> {
  await Deno.copyFile(`${cwd}/runs/cnf-moons-0001/model.safetensors`, `${cwd}/weights.safetensors`);
}
