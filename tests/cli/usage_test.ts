import assert from "node:assert/strict";
import { defaultOf } from "../../src/train/options/defaults.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

Deno.test("fluxion without arguments and with --help prints the commands", async () => {
  for (const args of [[], ["--help"], ["-h"]]) {
    const { code, stdout, stderr } = await fluxion(args);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const command of ["train", "sample", "log-prob", "eval", "plot", "import", "data"]) {
      assert.match(stdout, new RegExp(`^  ${command} `, "m"));
    }
    assert.match(stdout, /EXAMPLES\n/);
  }
});

const helped = [
  ["train", "cnf"],
  ["train", "fm"],
  ["sample"],
  ["log-prob"],
  ["eval"],
  ["plot"],
  ["theory"],
  ["import", "cnf"],
  ["import", "fm"],
  ["data", "list"],
  ["data", "preview"],
  ["data", "fetch"],
  ["data", "verify"],
  ["doctor"],
  ["completions"],
  ["version"],
];

for (const command of helped) {
  Deno.test(`fluxion ${command.join(" ")} --help has examples`, async () => {
    const { code, stdout, stderr } = await fluxion([...command, "--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /EXAMPLES\n {2}.*fluxion/);
  });
}

Deno.test("fluxion help COMMAND is COMMAND --help: placeholders, headings of groups", async () => {
  const helpPage = (await fluxion(["help", "train", "fm"])).stdout;
  assert.equal(helpPage, (await fluxion(["train", "fm", "--run", "x", "-h"])).stdout);
  assert.match(helpPage, /^USAGE\n {2}fluxion train fm \[OPTIONS\]\n/);
  assert.match(helpPage, /\nOPTIMIZER\n {2}--steps <N> {2,}training steps \(default/);
  assert.match(helpPage, /\n {2}--drop <COLUMN>\.\.\. /);
  assert.match(helpPage, /\n {2}--\[no-\]binarize /);
  const logProb = (await fluxion(["help", "log-prob"])).stdout;
  assert.match(logProb, /fluxion log-prob --points <FILE> \[OPTIONS\] <RUN>\n/);
  assert.match(logProb, /\nARGUMENTS\n {2}<RUN> {2,}a run folder/);
  const overview = (await fluxion([])).stdout;
  assert.equal((await fluxion(["help"])).stdout, overview);
  assert.equal((await fluxion(["help", "help"])).stdout, overview);
  const cnf = (await fluxion(["help", "train", "cnf"])).stdout;
  assert.match(cnf, /--net <mlp> /, "a CNF has no networks of images");
});

Deno.test("fluxion train --help states the defaults of the configuration", async () => {
  const cnf = (await fluxion(["train", "cnf", "--help"])).stdout;
  assert.ok(cnf.includes(`(default ${defaultOf("lr", "cnf", "mlp")}; of tables 0.005)`));
  assert.ok(!cnf.includes("--sigma-min"), "a CNF has no sigma");
  const fm = (await fluxion(["train", "fm", "--help"])).stdout;
  const [mlp, unet, resnet] = (["mlp", "unet", "resnet"] as const).map((net) =>
    defaultOf("batchSize", "fm", net)
  );
  assert.ok(
    fm.includes(`(default ${mlp} for points, ${unet} for images, ${resnet} for the resnet)`),
  );
  assert.ok(!fm.includes("--trace"), "flow matching has no trace");
});

Deno.test("fluxion version prints one line, and --licenses the texts", async () => {
  const { default: project } = await import("../../deno.json", { with: { type: "json" } });
  const { code, stdout } = await fluxion(["version"]);
  assert.equal(code, 0);
  assert.equal(stdout, `fluxion ${project.version}\n`);
  const licenses = await fluxion(["version", "--licenses"]);
  assert.match(licenses.stdout, /^MIT License/);
  assert.match(licenses.stdout, /Apache/);
});

Deno.test("fluxion train without a model prints help on stderr and exits with 2", async () => {
  const { code, stdout, stderr } = await fluxion(["train"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /cnf .*\n.*fm /);
});

/** Invalid command lines, with the pattern of the one line on stderr. */
const wrong: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  [["trian"], /unknown command trian; did you mean train\?/],
  [["frobnicate"], /unknown command frobnicate; --help lists the commands/],
  [["frob"], /unknown command frob; --help lists the commands/],
  [["help", "trian"], /unknown command trian; did you mean train\?/],
  [["help", "nothing"], /unknown command nothing; --help lists the commands/],
  [["help", "train", "cnf", "extra"], /argument extra; fluxion help train cnf is the whole help/],
  [["help", "train", "--steps"], /argument --steps; fluxion help train is the whole help/],
  [["help", "--foo"], /unexpected argument --foo; fluxion help is the whole help/],
  [["--version", "x"], /unexpected argument x; --version stands alone/],
  [["sample", "x", "--", "--help"], /unexpected argument --help; --help shows the usage/],
  [["runs", "--", "-x"], /-x: there is no such folder; name a run or a folder of runs/],
  [
    ["eval", "nothing"],
    /^fluxion: nothing: there is no such run; fluxion runs lists those in runs/,
  ],
  [["compare", "nothing", "x"], /nothing: there is no such run; fluxion runs lists those in runs/],
  [["runs", "nothing"], /nothing: there is no such folder; name a run or a folder of runs/],
  [["train", "cnf", "--x"], /unknown option --x; --help lists the options/],
  [["train", "cfn"], /unknown command cfn; did you mean cnf\?/],
  [["train", "cnf", "--bach-size", "4"], /--bach-size; did you mean --batch-size\?/],
  [["log-prob", "r", "--bits-per-din"], /--bits-per-din; did you mean --bits-per-dim\?/],
  [["sample", "r", "--no-quiet"], /--no-quiet; did you mean --quiet\?/],
  // Three of the four letters differ from --atol.
  [["sample", "r", "--json"], /unknown option --json; --help lists the options/],
  [["train", "cnf", "-x"], /unknown option -x; --help lists the options/],
  [["train", "cnf", "--seed", "9007199254740992"], /: expected a whole number, 0 .*below 2\^53/],
  [["train", "cnf", "--solver", "rk5"], /--solver rk5: .*dopri5.*did you mean.*rk4/],
  [["train", "cnf", "--gradient", "direkt"], /--gradient direkt: .*did you mean direct/],
  [["train", "cnf", "--lr", "-1"], /--lr -1: expected a number above 0, such as/],
  [["train", "cnf", "--lr", "nan"], /--lr nan: expected a number above 0/],
  [["train", "cnf", "--lr", "-inf"], /--lr -inf: expected a number above 0/],
  [["train", "cnf", "--lr", "1e999"], /--lr 1e999: expected a number above 0/],
  [["train", "cnf", "--lr="], /--lr: expected a value/],
  [["train", "cnf", "--lr"], /--lr needs a value/],
  [["train", "cnf", "--lr", "1", "--lr", "2"], /--lr is given twice, 1 and 2/],
  [["train", "cnf", "--steps", "1.5"], /--steps 1.5: expected a whole number/],
  [["train", "cnf", "--ema", "1"], /--ema 1: expected a number from 0 to below 1/],
  [["train", "cnf", "--control-group", "0"], /--control-group 0: .*or batch/],
  // An engine counts steps in 32 bits, so 4,294,967,301 would become 5.
  [["train", "cnf", "--solver-steps", "4294967301"], /4294967301: .* from 1 to 2147483647,/],
  [["train", "cnf", "--max-steps", "4294967301"], /4294967301: .* from 1 to 2147483647,/],
  [["sample", "r", "--out", "-", "--solver-steps", "2147483648"], /: .* from 1 to 2147483647,/],
  [["sample", "r", "--out", "-", "--trajectories", "4294967301"], /: .* from 2 to 65536,/],
  [["train", "cnf", "extra"], /unexpected argument extra/],
  [["sample"], /RUN is missing/],
  [["sample", "latest", "--n", "-5", "--out", "x.csv"], /--n -5: expected a whole number, 1/],
  [["log-prob", "latest"], /--points needs a value/],
  [["completions", "bsh"], /SHELL bsh: expected one of bash, zsh, fish/],
];

for (const [args, words] of wrong) {
  Deno.test(`fluxion ${args.join(" ")} is refused in one line`, () =>
    inFolder(async (folder) => {
      const { code, stdout, stderr } = await fluxion(args, { cwd: folder });
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^fluxion: [^\n]+\n$/);
      assert.match(stderr, words);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    }));
}

Deno.test("fluxion __complete proposes commands, options and values", async () => {
  const proposals = async (...words: string[]) =>
    (await fluxion(["__complete", ...words])).stdout.split("\n").map((line) => line.split("\t")[0]);
  assert.ok((await proposals("sam")).includes("sample"));
  assert.ok((await proposals("train", "")).includes("fm"));
  assert.ok((await proposals("train", "cnf", "--ba")).includes("--batch-size"));
  assert.ok((await proposals("train", "cnf", "--tr")).includes("--trace"));
  assert.deepEqual(await proposals("train", "fm", "--tr"), [""], "flow matching has no trace");
  assert.ok((await proposals("train", "cnf", "--solver", "rk")).includes("rk4-classic"));
  assert.ok((await proposals("train", "cnf", "--data", "mo")).includes("moons"));
  assert.ok((await proposals("train", "fm", "--net", "u")).includes("unet"));
  assert.ok((await proposals("data", "preview", "ch")).includes("checkerboard"));
  assert.ok((await proposals("data", "fetch", "km")).includes("kmnist"));
  assert.deepEqual(await proposals("sample", ""), [""], "the shell completes file names");
  assert.deepEqual(await proposals("train", "fm", "--net=r"), ["--net=resnet", ""]);
  assert.deepEqual(await proposals("train", "fm", "--net", "=", "r"), ["resnet", ""], "bash");
  assert.deepEqual(await proposals("train", "cnf", "--net", "="), ["mlp", ""], "bash");
  assert.deepEqual(await proposals("sweep", "train", "fm", "--net", "unet,r"), ["unet,resnet", ""]);
  assert.ok(!(await proposals("train", "cnf", "--")).includes("--"));
  assert.deepEqual(await proposals("help", "log"), ["log-prob", ""]);
  assert.deepEqual(await proposals("hel"), ["help", ""]);
});

Deno.test("fluxion __complete proposes runs, the newest first", () =>
  inFolder(async (cwd) => {
    const proposals = async (...words: string[]) =>
      (await fluxion(["__complete", ...words], { cwd })).stdout.split("\n")
        .map((line) => line.split("\t")[0]);
    for (const [i, name] of ["a", "bär-数", "with space"].entries()) {
      await Deno.mkdir(`${cwd}/runs/${name}`, { recursive: true });
      await Deno.writeTextFile(`${cwd}/runs/${name}/config.json`, "{}");
      await Deno.utime(`${cwd}/runs/${name}/config.json`, 1e9 + i, 1e9 + i);
    }
    await Deno.mkdir(`${cwd}/runs/no-run`);
    assert.deepEqual(await proposals("sample", ""), ["latest", "runs/bär-数", "runs/a", ""]);
    assert.deepEqual(await proposals("report", "latest", "r"), ["runs/bär-数", "runs/a", ""]);
    assert.deepEqual(await proposals("train", "cnf", "--resume", "--run", "l"), ["latest", ""]);
    assert.deepEqual(await proposals("sample", "x"), [""], "the shell completes file names");
  }));

Deno.test("fluxion completions prints a script that the shell accepts", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout } = await fluxion(["completions", shell]);
    assert.equal(code, 0);
    assert.match(stdout, /fluxion __complete/);
  }
});

Deno.test("the scripts of completions load in their shells, and bash's completes", async () => {
  const { scripts } = await import("../../cli/commands/completions/run.ts");
  /** What a shell prints; null if it is not on this machine. */
  const run = async (shell: string, ...args: string[]) => {
    const there = `command -v ${shell} > /dev/null || exit 9; exec ${shell} "$@"`;
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", there, "sh", ...args],
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.ok([0, 9].includes(code), text(stderr));
    return code === 9 ? null : text(stdout);
  };
  const stub = "fluxion() { printf '%s\\twhat it is\\n' resnet \"runs/a b\"; }";
  const replied = await run(
    "bash",
    "-c",
    `${stub}\n${scripts.bash}\nCOMP_WORDS=(fluxion sample r) COMP_CWORD=2\n_fluxion\n` +
      `printf '%s|' "\${COMPREPLY[@]}"`,
  );
  assert.ok([null, "resnet|runs/a b|"].includes(replied), `${replied}`);
  await run("zsh", "-f", "-c", `compdef() { :; }\n${scripts.zsh}`);
  const asked = `function fluxion; printf '%s\\tx\\n' $argv; end\n${scripts.fish}\n` +
    "complete -C 'fluxion ev'";
  const completed = await run("fish", "--no-config", "-c", asked);
  assert.ok([null, "ev\tx\n"].includes(completed), `${completed}`);
});

/** Modules loaded before the program runs, without those imported on demand. */
async function loadedBy(...entries: readonly string[]): Promise<string[]> {
  const root = new URL("../../", import.meta.url);
  const { modules } = JSON.parse(
    new TextDecoder().decode(
      (await new Deno.Command("deno", {
        args: ["info", "--json", new URL("cli/main.ts", root).pathname],
      }).output()).stdout,
    ),
  ) as {
    modules: {
      specifier: string;
      dependencies?: {
        code?: { specifier: string };
        isDynamic?: boolean;
      }[];
    }[];
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  const visit = (specifier: string) => {
    if (loaded.has(specifier)) return;
    loaded.add(specifier);
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code !== undefined && !isDynamic) visit(code.specifier);
    }
  };
  for (const entry of entries) visit(new URL(entry, root).href);
  return [...loaded];
}

/** Modules of the commands' own folders. */
const commandFolders = [...Deno.readDirSync(new URL("../../cli/commands/", import.meta.url))]
  .filter(({ isDirectory }) => isDirectory).map(({ name }) => name);

const computing = /tfjs|pngjs|resvg|^node:|d3-|mnist\.bits|valibot|src\/(report|flows|plot|page)\//;

// Tests what is loaded rather than the time, which varies on a busy machine.
Deno.test("fluxion --help loads nothing that computes", async () => {
  const commands = commandFolders.map((name) => `cli/commands/${name}/command.ts`);
  const loaded = await loadedBy("cli/main.ts", ...commands);
  assert.deepEqual(loaded.filter((name) => computing.test(name)), []);
  assert.ok(loaded.length > commands.length + 10, "the modules are found");
  assert.ok(loaded.length < 120, `${loaded.length} modules`);
});

Deno.test("version and bad usage load their own command and nothing that computes", async () => {
  const ownModules = { version: 75, train: 80, sample: 80, eval: 80, report: 80 };
  for (const [name, most] of Object.entries(ownModules)) {
    const loaded = await loadedBy("cli/main.ts", `cli/commands/${name}/command.ts`);
    assert.deepEqual(loaded.filter((module) => computing.test(module)), []);
    const others = loaded.filter((module) =>
      /cli\/commands\/\w+\//.test(module) && !module.includes(`cli/commands/${name}/`)
    );
    assert.deepEqual(others, []);
    assert.ok(loaded.length < most, `${name}: ${loaded.length} modules`);
  }
});
