/**
 * `deno task fuzz`: made-up inputs for every parser and random shapes for whole commands, until the
 * time is up. Prints its seed; an input on which something did not do what it promises is written to
 * a file, with the command that tries it again.
 */
import { parseArgs } from "node:util";
import { type Finding, fuzz, tryInput } from "./target.ts";
import { fuzzShapes } from "./shapes/shapes.ts";
import { parserTargets } from "./targets.ts";

const FAILURES = "tests/fuzz/failures";

/** Inputs of one target before the next has its turn. */
const TURN = 500;

const usage = "deno task fuzz [--minutes N] [--seed S] [--from I] [--target NAME] | " +
  "--replay FILE --target NAME";

function optionsOf(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "1" },
      seed: { type: "string" },
      from: { type: "string", default: "0" },
      target: { type: "string" },
      replay: { type: "string" },
    },
  });
  const whole = (text: string) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${text}: ${usage}`);
    return value;
  };
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: ${usage}`);
  const seed = values.seed === undefined
    ? crypto.getRandomValues(new Uint32Array(1))[0]!
    : whole(values.seed);
  return { ...values, minutes, seed, from: whole(values.from) };
}

/** Writes what was found, and says how to try it again. */
async function report({ target, seed, index, input, error }: Finding): Promise<void> {
  await Deno.mkdir(FAILURES, { recursive: true });
  const path = `${FAILURES}/${target.name}-${seed}-${index}.bin`;
  await Deno.writeFile(path, input);
  console.log(`\n${target.name}, seed ${seed}, input ${index}, ${input.length} bytes in ${path}`);
  console.log(error instanceof Error ? error.stack : error);
  console.log(`again: deno task fuzz --target ${target.name} --replay ${path}`);
}

/** Under which `--target` knows random shapes for whole commands. */
const SHAPES = "shapes";

async function run(args: string[], folder: string): Promise<boolean> {
  const { minutes, seed, from, target: name } = optionsOf(args);
  if (name === SHAPES) return await runShapes({ seed, from, minutes });
  if (name !== undefined) return await runParsers(args, folder, minutes);
  const parsers = await runParsers(args, folder, minutes / 2);
  return await runShapes({ seed, from, minutes: minutes / 2 }) && parsers;
}

/** Whole commands, until one does not do what it promises. */
async function runShapes(options: { seed: number; from: number; minutes: number }) {
  console.log(`seed ${options.seed}, ${options.minutes} min: ${SHAPES}`);
  try {
    const { cases, succeeded } = await fuzzShapes(options);
    console.log(`${cases} cases, ${succeeded} commands with a result, 0 findings`);
    return true;
  } catch (error) {
    console.log((error as Error).message);
    console.log(`again: deno task fuzz --target ${SHAPES} --seed ${options.seed} --from CASE`);
    return false;
  }
}

async function runParsers(args: string[], folder: string, minutes: number): Promise<boolean> {
  const { seed, from, target: name, replay } = optionsOf(args);
  const known = await parserTargets(folder);
  const targets = known.filter((target) => name === undefined || target.name === name);
  if (targets.length === 0) {
    throw new Error(
      `--target ${name}: one of ${[...known.map(({ name }) => name), SHAPES].join(", ")}`,
    );
  }
  if (replay !== undefined) {
    if (name === undefined) throw new Error(usage);
    await tryInput(targets[0]!, await Deno.readFile(replay));
    console.log(`${replay}: as promised`);
    return true;
  }
  console.log(`seed ${seed}, ${minutes} min: ${targets.map(({ name }) => name).join(", ")}`);
  const untilMs = performance.now() + 60_000 * minutes;
  let tried = 0, found = 0;
  for (let start = from; performance.now() < untilMs; start += TURN) {
    for (const target of targets) {
      const { tried: count, finding } = await fuzz(target, {
        seed,
        from: start,
        count: TURN,
        untilMs,
      });
      tried += count;
      if (finding !== null) {
        found++;
        await report(finding);
      }
    }
  }
  console.log(`${tried} inputs, ${found} findings`);
  return found === 0;
}

const folder = await Deno.makeTempDir();
try {
  if (!await run(Deno.args, folder)) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
