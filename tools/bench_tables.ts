/**
 * Five-fold cross-validation of the defaults on small tables, beside other estimators: the table of
 * docs/small-tables.md. Takes minutes: each fold is a run of the program.
 *
 *   deno task bench:tables [--model cnf|fm] [--tables DIR] [--threads N] [TABLE...]
 *
 * DIR holds the four tables (their sources stand in the page) as CSV with a line of names; fold k's
 * test rows are those whose index modulo 5 is k.
 */
import { meanAndStdErr } from "../src/metrics/statistics.ts";

/** Mean and standard error of test NLL in nats; docs/small-tables.md says how they were measured. */
type Figure = readonly [mean: number, stdErr: number];

/** What other estimators reach on the same folds. */
const others: Readonly<Record<string, Readonly<Record<string, Figure>>>> = {
  iris: {
    "Gaussian, Ledoit-Wolf": [2.74, 0.15],
    "Gaussian mixture, size and kind by BIC": [1.79, 0.24],
    "kernel density, bandwidth by cross-validation": [2.27, 0.17],
    "neural spline flow, early stopping": [2.71, 0.38],
    "masked autoregressive flow, early stopping": [2.89, 0.41],
  },
  wine: {
    "Gaussian, Ledoit-Wolf": [19.45, 0.23],
    "Gaussian mixture, size and kind by BIC": [19.44, 0.46],
    "kernel density, bandwidth by cross-validation": [19.20, 0.24],
    "neural spline flow, early stopping": [19.62, 0.28],
    "masked autoregressive flow, early stopping": [20.84, 0.31],
  },
  diabetes: {
    "Gaussian, Ledoit-Wolf": [27.69, 0.13],
    "Gaussian mixture, size and kind by BIC": [26.21, 0.18],
    "kernel density, bandwidth by cross-validation": [29.29, 0.11],
    "neural spline flow, early stopping": [27.18, 0.31],
    "masked autoregressive flow, early stopping": [27.08, 0.52],
  },
  cancer: {
    "Gaussian, Ledoit-Wolf": [-25.06, 0.57],
    "Gaussian mixture, size and kind by BIC": [-33.38, 0.70],
    "kernel density, bandwidth by cross-validation": [-12.82, 0.55],
    "neural spline flow, early stopping": [-32.39, 1.1],
    "masked autoregressive flow, early stopping": [19.4, 45],
  },
};

const FOLDS = 5;

/** A fold's test NLL and the time of its training. */
interface Fold {
  readonly nll: number;
  readonly seconds: number;
}

const { model, folder, threads, tables } = parsed(Deno.args);
const own: Record<string, readonly Fold[]> = {};
for (const table of tables) {
  own[table] = await crossValidated(table);
}
console.log(tableText(own));

/** Runs every fold of a table. */
async function crossValidated(table: string): Promise<readonly Fold[]> {
  const lines = (await Deno.readTextFile(`${folder}/${table}.csv`)).trimEnd().split("\n");
  const [names, ...rows] = lines;
  const scratch = await Deno.makeTempDir();
  const folds: Fold[] = [];
  try {
    for (let fold = 0; fold < FOLDS; fold++) {
      const [train, test] = [`${scratch}/train.csv`, `${scratch}/test.csv`];
      const write = (file: string, isIn: (row: number) => boolean) =>
        Deno.writeTextFile(file, [names, ...rows.filter((_, row) => isIn(row)), ""].join("\n"));
      await write(train, (row) => row % FOLDS !== fold);
      await write(test, (row) => row % FOLDS === fold);
      const result = await trained(`${scratch}/run-${fold}`, { train, test });
      console.error(`${table} ${fold}: ${result.nll.toFixed(2)} in ${result.seconds.toFixed(0)} s`);
      folds.push(result);
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return folds;
}

/** Trains with the defaults on one file; the likelihood of the other's rows. */
async function trained(
  run: string,
  { train, test }: { readonly train: string; readonly test: string },
): Promise<Fold> {
  const count = threads === null ? [] : ["--threads", threads];
  const start = performance.now();
  await program("train", model, "--data", train, "--test-data", test, "--run", run, ...count);
  const seconds = (performance.now() - start) / 1000;
  const logProb = (await program("log-prob", run, "--points", test, ...count)).trim().split("\n");
  return { nll: -meanAndStdErr(logProb.map(Number)).mean, seconds };
}

/** Standard output of the program. */
async function program(...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", "fluxion", ...args],
    cwd: new URL("..", import.meta.url).pathname,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return new TextDecoder().decode(stdout);
  console.error(new TextDecoder().decode(stderr));
  Deno.exit(1);
}

/** The page's table: rows are estimators, columns tables. */
function tableText(own: Readonly<Record<string, readonly Fold[]>>): string {
  const names = Object.keys(own);
  const figure = ([mean, stdErr]: Figure) => `${mean.toFixed(2)} (${stdErr.toFixed(2)})`;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const estimators = Object.keys(others[names[0]!]!);
  return [
    line(["estimator", ...names]),
    line(["---", ...names.map(() => "---:")]),
    ...estimators.map((one) => line([one, ...names.map((name) => figure(others[name]![one]!))])),
    line([
      `Fluxion's defaults, ${model}`,
      ...names.map((name) => {
        const { mean, stdErr } = meanAndStdErr(own[name]!.map(({ nll }) => nll));
        return figure([mean, stdErr]);
      }),
    ]),
    line([
      "seconds a fold",
      ...names.map((name) =>
        meanAndStdErr(own[name]!.map(({ seconds }) => seconds)).mean.toFixed(0)
      ),
    ]),
  ].join("\n");
}

function parsed(args: readonly string[]) {
  const given = { "--model": "cnf", "--tables": "../shared/tables", "--threads": "" };
  const tables: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = args[i]!;
    if (name in given) given[name as keyof typeof given] = args[++i] ?? "";
    else if (name in others) tables.push(name);
    else {
      console.error(
        `${name}: expected --model, --tables, --threads or one of ${
          Object.keys(others).join(", ")
        }`,
      );
      Deno.exit(2);
    }
  }
  return {
    model: given["--model"],
    folder: given["--tables"],
    threads: given["--threads"] || null,
    tables: tables.length > 0 ? tables : Object.keys(others),
  };
}
