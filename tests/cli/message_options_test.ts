import assert from "node:assert/strict";
import { optionsOfCommand } from "../../cli/commands/options.ts";
import { asTypedOptions } from "../../cli/options/spelling.ts";
import { kebabCase, option } from "../../src/core/options/spelling.ts";
import { type Literal, literalsOf, modulesUnder, reachedFrom, sourceOf } from "./_messages.ts";

/** Every command that computes or writes, with its module. */
const actions: Readonly<Record<string, string>> = {
  "train cnf": "cli/commands/train/run.ts",
  "train fm": "cli/commands/train/run.ts",
  "sample": "cli/commands/sample/run.ts",
  "log-prob": "cli/commands/log_prob/run.ts",
  "runs": "cli/commands/runs/run.ts",
  "compare": "cli/commands/compare/run.ts",
  "sweep train cnf": "cli/commands/sweep/run.ts",
  "sweep train fm": "cli/commands/sweep/run.ts",
  "eval": "cli/commands/eval/run.ts",
  "plot": "cli/commands/plot/run.ts",
  "theory": "cli/commands/theory/run.ts",
  "report": "cli/commands/report/run.ts",
  "homework": "cli/commands/homework/run.ts",
  "import cnf": "cli/commands/import/run.ts",
  "import fm": "cli/commands/import/run.ts",
  "data list": "cli/commands/data/run.ts",
  "data preview": "cli/commands/data/run.ts",
  "data fetch": "cli/commands/data/run.ts",
  "data verify": "cli/commands/data/run.ts",
  "doctor": "cli/commands/doctor/run.ts",
};

const commands = Object.keys(actions);
const options = new Map(
  await Promise.all(commands.map(async (command) =>
    [
      command,
      new Set([
        "help",
        ...Object.entries(await optionsOfCommand(command.split(" "))).filter(([, { hidden }]) =>
          !hidden
        )
          .map(([name]) => kebabCase(name)),
      ]),
    ] as const
  )),
);

/** Modules whose messages are printed by fewer commands than load them. */
const saidBy: Readonly<Record<string, readonly string[]>> = {
  // Names options of a follow-up command.
  "cli/commands/doctor/run.ts": commands.filter((name) => options.get(name)!.has("backend")),
  // Shell lines of `train`, whose options it spells out one by one.
  "cli/commands/sweep/job_lines.ts": [],
  // `compare --eval` passes no bits per dimension.
  "cli/commands/eval/run.ts": ["eval"],
};

/** Library modules that assemble command lines, with the commands of these lines. */
const printsLinesOf: Readonly<Record<string, readonly string[]>> = {
  "src/report/report.ts": ["plot", "sample"],
  "src/report/reported_run.ts": ["train cnf", "train fm"],
  "src/report/sections/run_section.ts": ["train cnf", "train fm"],
  "src/report/sections/solver_study.ts": ["sample"],
  "src/report/sections/theorem_section.ts": ["theory"],
  "src/report/run_context.ts": ["report", "sample"],
  "src/train/run/load_run.ts": ["train cnf", "train fm"],
  "src/data/registry.ts": ["data fetch"],
};

/**
 * Modules of other commands that `homework` runs: it passes them valid options itself, so their
 * messages may name their own options.
 */
const ofOthers = /^cli\/commands\/(?!homework)/;

/** Options of other programs. */
const foreign =
  /deno (?:run|task -q --cwd)|--(no-wasm-bounds-checks|experimental-wasm-revectorize)/;

const modules = [...modulesUnder("cli"), ...modulesUnder("src")].filter((module) =>
  !module.startsWith("cli/options/") && !/^cli\/commands\/\w+\/(flags|command)\.ts$/.test(module) &&
  !module.startsWith("src/core/options/")
);
const reached = new Map(
  Object.entries(actions).map(([command, action]) => [command, reachedFrom(action)] as const),
);

/**
 * The commands that can print a literal, and the options that it names. A message that begins with
 * an option is about a given value, so only commands that declare the option print it.
 */
function claimsOf({ module, text }: Literal): readonly (readonly [string, string])[] {
  if (foreign.test(text)) return [];
  const named = Array.from(text.matchAll(/(?<![\w-])--([a-z][a-z-]*[a-z])/g), ([, name]) => name!);
  const about = /^--([a-z][a-z-]*[a-z])/.exec(text)?.[1];
  const byName = /fluxion (train|data fetch|homework|report|eval|sample) /.exec(text)?.[1] ??
    /\b(train) --|\brun (train) fm/.exec(text)?.slice(1).find(Boolean);
  const said = byName !== undefined
    ? commands.filter((command) => command.startsWith(byName))
    : module.startsWith("src/")
    ? printsLinesOf[module] ?? (named.length > 0 ? commands : [])
    : saidBy[module] ?? commands.filter((command) =>
      reached.get(command)!.has(module) && !(command === "homework" && ofOthers.test(module)) &&
      (about === undefined || options.get(command)!.has(about))
    );
  return named.flatMap((name) => said.map((command) => [command, name] as const));
}

Deno.test("every option that a message names exists in the commands that can print it", () => {
  const wrong = modules.flatMap((module) =>
    literalsOf(module, sourceOf(module)).flatMap((literal) =>
      claimsOf(literal)
        .filter(([command, name]) => !options.get(command)!.has(name))
        .map(([command, name]) => `${module}:${literal.line}: ${command} has no --${name}`)
    )
  );
  assert.deepEqual(wrong, []);
});

Deno.test("the tables above name only modules that print such messages", () => {
  for (const module of [...Object.keys(saidBy), ...Object.keys(printsLinesOf)]) {
    assert.match(sourceOf(module), /(?<![\w-])--[a-z]/, module);
  }
});

Deno.test("asTypedOptions() spells the options that a command has and leaves the others", async () => {
  const advice = `${option("lr", 0.5)}: too large; give ${option("trace", "exact")}, or ` +
    `${option("mode", "resume")} without ${option("binarize", false)}`;
  assert.equal(
    asTypedOptions(advice, await optionsOfCommand(["train", "fm", "--lr", "1"])),
    "--lr 0.5: too large; give --trace exact, or --resume without --no-binarize",
  );
  assert.equal(asTypedOptions(advice, await optionsOfCommand(["plot", "latest"])), advice);
  const ofEval = await optionsOfCommand(["eval", "latest"]);
  assert.equal(asTypedOptions(option("controlGroup", "a b"), ofEval), '--control-group "a b"');
  assert.equal(asTypedOptions("`rm -rf`, `x`", ofEval), "`rm -rf`, `x`");
});

Deno.test("option() escapes any value", async () => {
  const forged = option("data", 'x"`\n\x1b[2K`steps: 3');
  assert.equal(
    asTypedOptions(forged, await optionsOfCommand(["train", "cnf"])),
    '--data "x\\"`\\n\\u001b[2K`steps: 3"',
  );
});

Deno.test("a message with an option that its command lacks is detected", () => {
  const source = 'throw new InputError(`--rtol ${x}: ` + /* "--lr" */ "give --max-steps");';
  const [literal] = literalsOf("cli/commands/log_prob/run.ts", source);
  assert.equal(literal!.text, "--rtol ${}: ");
  const [joined] = literalsOf("cli/commands/log_prob/run.ts", source.replace(/\/\*.*\*\//, ""));
  assert.equal(joined!.text, "--rtol ${}: give --max-steps");
  assert.deepEqual(claimsOf(joined!), [["log-prob", "rtol"], ["log-prob", "max-steps"]]);
  assert.ok(
    !options.get("log-prob")!.has("max-steps") && options.get("train cnf")!.has("max-steps"),
  );
});
