// How the one file unpacks itself and starts.
import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { type BareMachine, names, onBareMachine, program, run, start } from "./_program.ts";

const version = ["version"];

/** Processor time that a command takes: other tests run meanwhile. */
async function processorSeconds(machine: BareMachine, command: string): Promise<number> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `"$0" ${command} >&2 && times`, program],
    cwd: machine.folder,
    clearEnv: true,
    env: { ...machine.env, PATH: "/usr/bin:/bin" },
  }).output();
  // The shell's own user and system time, then those of its children: 0m0.080000s 0m0.020000s
  const [, ofChildren] = new TextDecoder().decode(stdout).split("\n");
  const times = [...ofChildren!.matchAll(/(\d+)m([\d.]+)s/g)];
  assert.equal(times.length, 2);
  return times.reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
}

Deno.test("dist/fluxion starts alone, unpacks once, and is quick from then on", async () => {
  await onBareMachine(async (machine) => {
    const first = await run(machine, version);
    assert.equal(first.stderr, "");
    assert.equal(first.code, 0);
    assert.match(first.stdout, new RegExp(settings.version));
    assert.deepEqual(names(machine.folder), []);
    assert.deepEqual(names(machine.temporary), []);
    assert.deepEqual(names(machine.home), [".cache"]);
    assert.deepEqual(names(`${machine.home}/.cache`), ["fluxion"]);
    assert.equal(names(`${machine.home}/.cache/fluxion`).length, 1);

    const again: number[] = [];
    for (let n = 0; n < 5; n++) again.push(await processorSeconds(machine, "version"));
    assert.ok(Math.min(...again) < 0.3, `takes ${again} s`); // the bound, on an idle machine
  });
});

Deno.test("dist/fluxion trains, samples and refuses like the checkout does", async () => {
  await onBareMachine(async (machine) => {
    const finish = async (args: string, code: number) => {
      const ending = await run(machine, args.split(" "));
      assert.equal(ending.code, code, `${args}: ${ending.stdout}${ending.stderr}`);
      return ending;
    };
    const cpu = "--backend cpu --quiet";
    const cnf = await finish(
      `train cnf --steps 2 --batch-size 32 --hidden 8 --run cnf ${cpu}`,
      0,
    );
    assert.equal(cnf.stdout, "cnf\n");
    assert.equal(cnf.stderr, "");
    await finish(`train fm --steps 2 --batch-size 4 --filters 4 --run fm ${cpu}`, 0);
    await finish(`sample cnf --n 3 --out points.csv ${cpu}`, 0);
    assert.equal(
      Deno.readTextFileSync(`${machine.folder}/points.csv`).trim().split("\n").length,
      3,
    );
    const logProbs = await finish(`log-prob cnf --points points.csv ${cpu}`, 0); // csv-parse, bundled
    assert.match(logProbs.stdout, /^(-?\d+\.\d+\n){3}$/);
    await finish(`sample fm --n 4 --solver euler --solver-steps 2 --out digits.png ${cpu}`, 0);
    const png = Deno.readFileSync(`${machine.folder}/digits.png`);
    assert.equal(new TextDecoder().decode(png.subarray(1, 4)), "PNG");

    const wrong = await finish("train cnf --solvr rk4", 2);
    assert.equal(wrong.stdout, "");
    assert.match(wrong.stderr, /--solver/);
    await finish("train cnf --lr=-1", 2);
    await finish("sample nowhere --out a.csv", 2);
    assert.deepEqual(names(machine.folder), ["cnf", "digits.png", "fm", "points.csv"]);
  });
});

Deno.test("dist/fluxion passes its self-tests, and computes in a worker on shared memory", async () => {
  await onBareMachine(async (machine) => {
    const { code, stdout, stderr } = await run(machine, ["doctor", "--json"]);
    assert.equal(code, 0, stderr);
    const { worker, backends } = JSON.parse(stdout);
    assert.equal(worker.ok, true, stdout);
    const cpu = backends.find(({ kind }: { kind: string }) => kind === "cpu");
    assert.ok(cpu.tests.length > 0 && cpu.tests.every(({ ok }: { ok: boolean }) => ok), stdout);
  });
});

Deno.test("dist/fluxion reaches a host that FLUXION_ALLOW_HOSTS names, and says so of others", async () => {
  await onBareMachine(async (machine) => {
    const fetching = ["data", "fetch", "mnist", "--from", "http://127.0.0.1:9/"];
    const refused = await run(machine, fetching);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(
      refused.stderr,
      /^fluxion: .*127\.0\.0\.1:9 is not allowed; to allow it, run: FLUXION_ALLOW_HOSTS=127\.0\.0\.1:9 fluxion data fetch mnist --from http:\/\/127\.0\.0\.1:9\/\n$/,
    );
    const allow = (hosts: string) =>
      run(machine, fetching, { ...machine.env, FLUXION_ALLOW_HOSTS: hosts });
    const allowed = await allow("example.org,127.0.0.1:9");
    assert.equal(allowed.code, 1, "nobody answers there");
    assert.match(allowed.stderr, /^fluxion: cannot get /);
    // An empty name would allow every host, and none is a word of the shell.
    for (
      const hosts of [",", "a,", ",a", "a,,b", "a b", "*", "$(id)", "a;id", "a'", 'a"', "a\nb"]
    ) {
      const { code, stdout, stderr } = await allow(hosts);
      assert.equal(code, 2, hosts);
      assert.equal(stdout, "");
      assert.match(stderr, /^fluxion: FLUXION_ALLOW_HOSTS: expected HOST or HOST:PORT.*\n$/);
    }
  });
});

Deno.test("dist/fluxion started twice at once leaves one extraction", async () => {
  await onBareMachine(async (machine) => {
    const endings = await Promise.all([1, 2, 3].map(() => run(machine, version)));
    for (const { code, stdout, stderr } of endings) {
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(settings.version));
    }
    const [extraction, ...others] = names(`${machine.home}/.cache/fluxion`);
    assert.deepEqual(others, []);
    const found = names(`${machine.home}/.cache/fluxion/${extraction}`);
    assert.ok(found.includes("deno") && found.includes("main.js"), `${found}`);
    assert.ok(!found.some((name) => name.includes("new")), `${found}`);
  });
});

Deno.test("dist/fluxion falls back to TMPDIR without a home that it can write to", async () => {
  const homes: readonly Record<string, string>[] = [{}, { HOME: "/nowhere" }, { HOME: "/proc" }];
  for (const home of homes) {
    await onBareMachine(async (machine) => {
      const { PATH, TMPDIR } = machine.env as { PATH: string; TMPDIR: string };
      const { code, stderr } = await run(machine, version, { PATH, TMPDIR, ...home });
      assert.equal(code, 0, stderr);
      const [folder, ...others] = names(machine.temporary);
      assert.match(folder!, /^fluxion-\d+$/);
      assert.deepEqual(others, []);
      assert.equal(names(`${machine.temporary}/${folder}`).length, 1);
      // Nobody else may put a program there.
      assert.equal(Deno.statSync(`${machine.temporary}/${folder}`).mode! & 0o077, 0);
    });
  }
});

Deno.test("dist/fluxion trusts no folder that others can write to, wherever it may unpack itself", async () => {
  const places = [
    { env: { XDG_CACHE_HOME: "cache" }, folder: "cache/fluxion" },
    { env: { HOME: "home" }, folder: "home/.cache/fluxion" },
    { env: {}, folder: "tmp/fluxion-*" },
  ];
  for (const { env, folder } of places) {
    await onBareMachine(async (machine) => {
      const base = machine.home.replace(/\/home$/, "");
      const { PATH, TMPDIR } = machine.env as { PATH: string; TMPDIR: string };
      const absolute = Object.entries(env).map(([name, path]) => [name, `${base}/${path}`]);
      const surroundings = { PATH, TMPDIR, ...Object.fromEntries(absolute) };
      assert.equal((await run(machine, version, surroundings)).code, 0);
      const place = `${base}/${folder.replace("fluxion-*", names(machine.temporary)[0] ?? "")}`;
      assert.equal(names(place).length, 1);
      assert.equal(Deno.statSync(place).mode! & 0o022, 0);
      Deno.chmodSync(place, 0o777);
      // Nowhere else to go.
      if (folder !== "tmp/fluxion-*") Deno.writeTextFileSync(`${TMPDIR}/taken`, "");
      const nowhere = { ...surroundings, TMPDIR: `${TMPDIR}/taken` };
      const elsewhere = folder.startsWith("tmp") ? surroundings : nowhere;
      const { code, stdout, stderr } = await run(machine, version, elsewhere);
      assert.equal(code, 1, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /cannot unpack itself.*fluxion.*\nSet XDG_CACHE_HOME/);
    });
  }
});

/** A copy with another bit. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[100]! ^= 1;
  return copy;
}

Deno.test("dist/fluxion runs nothing that was changed where it is unpacked", async () => {
  await onBareMachine(async (machine) => {
    assert.equal((await run(machine, version)).code, 0);
    const cache = `${machine.home}/.cache/fluxion`;
    const folder = `${cache}/${names(cache)[0]}`;
    const chunk = names(folder).find((name) => name.startsWith("chunk-"))!;
    const changes = [
      { name: chunk, change: (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1) },
      // Of the same size and time.
      { name: "main.js", change: flipped },
      { name: "deno", change: flipped },
    ];
    for (const { name, change } of changes) {
      const path = `${folder}/${name}`;
      const whole = await Deno.readFile(path);
      const { mtime, atime } = await Deno.stat(path);
      await Deno.remove(path); // a runtime that still runs may not be written to
      await Deno.writeFile(path, change(whole), { mode: 0o755 });
      await Deno.utime(path, atime!, mtime!);
      const { code, stdout, stderr } = await run(machine, version);
      assert.equal(code, 0, `${name}: ${stderr}`);
      assert.match(stdout, new RegExp(settings.version));
      assert.deepEqual(await Deno.readFile(path), whole, name);
    }
  });
});

Deno.test("dist/fluxion leaves out V8's flags where the address space is limited", {
  ignore: Deno.build.arch !== "x86_64",
}, async () => {
  await onBareMachine(async (machine) => {
    await run(machine, version);
    for (const [limit, flagged] of [[":", true], ["ulimit -v 100000000", false]] as const) {
      // The process stays the same, from this shell over the launcher to the program, which waits.
      const process = new Deno.Command("sh", {
        args: ["-c", `${limit}; exec ${program} train cnf --data -`],
        cwd: machine.folder,
        clearEnv: true,
        env: { ...machine.env, PATH: "/usr/bin:/bin" },
        stdin: "piped",
        stderr: "null",
      }).spawn();
      const line = async () =>
        new TextDecoder().decode(
          (await new Deno.Command("sh", {
            args: ["-c", `tr "\\0" " " </proc/${process.pid}/cmdline`],
          }).output()).stdout,
        );
      let command = "";
      for (let tries = 0; tries < 500 && !command.includes("main.js"); tries++) {
        command = await line();
      }
      await process.stdin.close();
      await process.status;
      assert.equal(command.includes("--v8-flags=--experimental-wasm"), flagged, command);
    }
  });
});

Deno.test("dist/fluxion prefers XDG_CACHE_HOME", async () => {
  await onBareMachine(async (machine) => {
    const cache = `${machine.folder}/a cache`;
    const { code, stderr } = await run(machine, version, { ...machine.env, XDG_CACHE_HOME: cache });
    assert.equal(code, 0, stderr);
    assert.equal(names(`${cache}/fluxion`).length, 1);
    assert.deepEqual(names(machine.home), []);
  });
});

Deno.test("dist/fluxion takes no half extraction for whole", async () => {
  await onBareMachine(async (machine) => {
    const cache = `${machine.home}/.cache/fluxion`;
    const killed = start(machine, version);
    while (names(cache).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    killed.kill("SIGKILL");
    await killed.output();
    assert.match(names(cache)[0]!, /\.new\./); // begun, not placed

    const next = await run(machine, version);
    assert.equal(next.code, 0, next.stderr);
    const [extraction, ...others] = names(cache);
    assert.deepEqual(others, []);

    // Nor does it run what a cleaner of temporary files has left.
    Deno.removeSync(`${cache}/${extraction}/main.js`);
    const repaired = await run(machine, version);
    assert.equal(repaired.code, 0, repaired.stderr);
    assert.deepEqual(names(cache), [extraction]);
  });
});

Deno.test("dist/fluxion cut short or damaged says so and runs nothing", async () => {
  await onBareMachine(async (machine) => {
    // Deno.Command may start dist/fluxion and Deno only: another Deno starts the copy.
    const script = `
      const [from, to, change] = Deno.args;
      let bytes = Deno.readFileSync(from);
      if (change === "cut") bytes = bytes.subarray(0, 20e6);
      else bytes[30e6] ^= 1;
      Deno.writeFileSync(to, bytes, { mode: 0o755 });
      const { code, stderr } = new Deno.Command(to, { args: ["version"] }).outputSync();
      Deno.stderr.writeSync(stderr);
      Deno.exit(code);`;
    for (const change of ["cut", "bit"]) {
      const copy = `${machine.folder}/copy`;
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", "--quiet", script, program, copy, change],
        env: { HOME: machine.home, TMPDIR: machine.temporary, XDG_CACHE_HOME: "" },
      }).output();
      assert.equal(code, 1);
      assert.match(new TextDecoder().decode(stderr), /this file is damaged: fetch it anew/);
      assert.deepEqual(names(`${machine.home}/.cache/fluxion`), []);
    }
  });
});

Deno.test("dist/fluxion leaves the user's Deno and its settings alone", async () => {
  await onBareMachine(async (machine) => {
    const cache = `${machine.home}/deno-cache`;
    Deno.mkdirSync(cache);
    for (const folder of [machine.home, machine.folder]) {
      Deno.writeTextFileSync(`${folder}/deno.json`, `{ "imports": 5 }`);
      Deno.writeTextFileSync(`${folder}/package.json`, `{ "type": "commonjs", "imports": 5 }`);
    }
    const { code, stderr } = await run(machine, version, { ...machine.env, DENO_DIR: cache });
    assert.equal(code, 0, stderr);
    assert.deepEqual(names(cache), []);
    assert.deepEqual(names(`${machine.home}/.cache`), ["fluxion"]);
    assert.deepEqual(names(machine.folder), ["deno.json", "package.json"]);
  });
});

Deno.test("dist/fluxion hands Ctrl-C on", async () => {
  await onBareMachine(async (machine) => {
    await run(machine, version);
    const training = start(machine, [
      ...["train", "cnf", "--steps", "100000", "--batch-size", "32", "--hidden", "8"],
      ...["--run", "run", "--backend", "cpu"],
    ]);
    const lines = () => {
      try {
        return Deno.readTextFileSync(`${machine.folder}/run/log.jsonl`).split("\n").length;
      } catch {
        return 0;
      }
    };
    for (let n = 0; lines() < 2 && n < 500; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    training.kill("SIGINT");
    const { code, stderr } = await training.output();
    assert.equal(code, 130, new TextDecoder().decode(stderr));
    assert.ok(names(`${machine.folder}/run`).includes("checkpoint.safetensors"));
  });
});

Deno.test("dist/fluxion runs with the permissions of deno.json and no others", async () => {
  const file = await Deno.open(program);
  const head = new Uint8Array(40_000);
  await file.read(head);
  file.close();
  const flags = /^flags='(.*)'$/m.exec(new TextDecoder().decode(head))![1]!.split(" ");
  const allowed = flags.filter((flag) => flag.startsWith("--allow-"));
  assert.ok(!allowed.some((flag) => /^--allow-(all|ffi|run|import)/.test(flag)), `${allowed}`);
  const { env, net, sys } = settings.permissions.fluxion;
  assert.deepEqual(allowed.sort(), [
    `--allow-env=${env.join()}`,
    `--allow-net=${net.join()}`,
    "--allow-read",
    `--allow-sys=${sys.join()}`,
    "--allow-write",
  ]);
});
