import assert from "node:assert/strict";
import { run } from "@stricli/core";
import { buildFluxion } from "../../cli/application.ts";
import { type Literal, literalsOf, modulesUnder, reachedFrom, sourceOf } from "./_messages.ts";

/** Every command that computes or writes, and the module that it runs. */
const actions: Readonly<Record<string, string>> = {
  "train cnf": "cli/commands/train/run.ts",
  "train fm": "cli/commands/train/run.ts",
  "sample": "cli/commands/sample/run.ts",
  "log-prob": "cli/commands/log_prob/run.ts",
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

/** The options of a command, by its help. */
async function optionsOf(command: string): Promise<Set<string>> {
  let help = "";
  const application = buildFluxion({ thrown: (error) => assert.fail(String(error)) });
  await run(application, [...command.split(" "), "--help"], {
    process: {
      stdout: { write: (text: string) => void (help += text) },
      stderr: { write: () => {} },
      env: {},
      exitCode: 0,
    },
  });
  return new Set(Array.from(help.matchAll(/--([a-z][a-z-]*)/g), ([, name]) => name!));
}

const commands = Object.keys(actions);
const options = new Map(
  await Promise.all(commands.map(async (command) => [command, await optionsOf(command)] as const)),
);

const train = ["train cnf", "train fm"];
const imports = ["import cnf", "import fm"];
const withDevice = commands.filter((command) => options.get(command)!.has("backend"));
const withOut = ["sample", "log-prob", "report", "data preview"];

/**
 * Modules that more commands load than say their messages, by what a message holds (the
 * first that fits): the functions that give it are called by these commands alone.
 */
const saidBy: Readonly<Record<string, readonly (readonly [string, readonly string[]])[]>> = {
  "cli/pictures/epoch_pictures.ts": [["", train]], // the command that a picture carries
  "cli/paths.ts": [["", withOut]],
  "cli/commands/data/run.ts": [["--from", ["data fetch"]], ["--out", ["data preview"]]],
  "cli/runs/open_data.ts": [["--data", ["eval"]]], // of a run's own data, with fromRun
  "cli/runs/solve_settings.ts": [
    ["--probe-count", ["log-prob", "eval"]],
    ["--probes", ["sample", "log-prob", "eval"]],
    ["", ["sample", "log-prob", "eval", "plot"]],
  ],
  "src/data/tables/columns.ts": [["", train]], // a choice of kind `drop`, which training alone makes
  "src/data/formats/csv.ts": [["--drop", train]],
  "src/data/downloads/fetch.ts": [["", ["data fetch"]]],
  "src/ode/solver/rows_room.ts": [["", ["sample", "log-prob", "eval", "plot", ...train]]],
  "src/ode/engines/cpu/pull_back_job.ts": [["--gradient", ["train cnf"]]], // of a pull-back
  "src/backends/webgpu_backend.ts": [["", withDevice]],
  "src/ode/engines/cpu/engine_memory.ts": [[
    "--backend",
    withDevice.filter((command) => command !== "doctor"),
  ]],
  // Commands of training that a message or a report prints, in parts.
  "src/report/reported_run.ts": [["", train]],
  "src/train/run/load_run.ts": [["--resume", train], ["--run", train]],
  "src/report/sections/run_section.ts": [["", train]],
  "src/report/sections/training_section.ts": [["", train]],
  "src/report/sections/solver_study.ts": [["", ["sample"]]],
  "src/train/config/config.ts": [["--trace", ["train cnf"]], ["", train]],
  "src/train/run/run_folder.ts": [["--resume", train], ["", [...train, ...imports]]],
  "src/train/run/training_log.ts": [["", train]],
};

/**
 * What a homework runs as other commands do: it gives them options of its own, which fit,
 * and a fault of theirs names the option of the command.
 */
const ofOthers = /^(cli\/actions\/(?!homework)|src\/train\/)/;

/** Options of other programs. */
const foreign = /deno run|--(no-wasm-bounds-checks|experimental-wasm-revectorize)/;

const modules = [...modulesUnder("cli"), ...modulesUnder("src")]
  .filter((module) => !module.startsWith("cli/commands/") && !module.startsWith("cli/options/"));
const reached = new Map(
  Object.entries(actions).map(([command, action]) => [command, reachedFrom(action)] as const),
);

/** The commands that can print a literal, and the options that it names. */
function claimsOf({ module, text }: Literal): readonly (readonly [string, string])[] {
  if (foreign.test(text)) return [];
  const named = Array.from(text.matchAll(/(?<![\w-])--([a-z][a-z-]*[a-z])/g), ([, name]) => name!);
  const byName = /fluxion (train|data fetch|homework|report|eval|sample) /.exec(text)?.[1] ??
    /\b(train) --|\brun (train) fm/.exec(text)?.slice(1).find(Boolean);
  const said = byName !== undefined
    ? commands.filter((command) => command.startsWith(byName))
    : saidBy[module]?.find(([part]) => text.includes(part))?.[1] ??
      commands.filter((command) =>
        reached.get(command)!.has(module) && !(command === "homework" && ofOthers.test(module))
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

Deno.test("the table of who says a message names only commands that load its module", () => {
  for (const [module, rows] of Object.entries(saidBy)) {
    const claimed = rows.flatMap(([, names]) => names);
    const strange = claimed.filter((command) => !reached.get(command)!.has(module));
    // A report prints commands of others.
    if (!module.startsWith("src/report/")) assert.deepEqual(strange, [], module);
  }
});

Deno.test("a message with an option that its command lacks is found", () => {
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
