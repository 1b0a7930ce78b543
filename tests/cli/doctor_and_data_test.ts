import assert from "node:assert/strict";
import { fastestFlags } from "../../src/core/wasm/v8_flags.ts";
import { fluxion, inFolder } from "./_fluxion.ts";

Deno.test("fluxion doctor --json reports backends, auto's choice, the worker and the data", async () => {
  const { code, stdout } = await fluxion(["doctor", "--json"]);
  const report = JSON.parse(stdout);
  const cpu = report.backends.find((backend: { kind: string }) => backend.kind === "cpu");
  assert.equal(cpu.problem, null);
  assert.ok(cpu.tests.length > 5);
  const tests = report.backends.flatMap((backend: { tests: { ok: boolean }[] }) => backend.tests);
  const allWell = report.worker.ok && tests.every(({ ok }: { ok: boolean }) => ok);
  assert.equal(code, allWell ? 0 : 1);
  assert.ok(report.worker.ok, report.worker.detail);
  assert.equal(report.auto.points.kind, "cpu");
  assert.match(report.auto.images.reason, /\w/);
  // A software adapter takes training steps only when it is asked.
  const [adapter] = report.adapters;
  const isSoftware = adapter === undefined || /llvmpipe|swiftshader/i.test(adapter.description);
  for (const { kind, steps } of report.backends) {
    assert.equal(steps === null, kind === "cpu" || isSoftware, kind);
  }
  assert.equal(report.versions.deno, Deno.version.deno);
  const fasterFlags = fastestFlags(Deno.build.arch).join(",") || null;
  assert.deepEqual(report.webAssembly, { boundsChecks: true, fasterFlags });
  assert.ok(report.memory.availableBytes > 0 && report.disk.availableBytes > 0);
  assert.ok(report.data.some(({ name }: { name: string }) => name === "moons"));
});

Deno.test("fluxion doctor without an adapter reports it and succeeds", async () => {
  const { stdout } = await fluxion(["doctor"], { env: { DENO_WEBGPU_BACKEND: "none" } });
  assert.match(stdout, /Backend webgpu\n {2}.*mesa-vulkan-drivers/);
  assert.match(stdout, /WebGPU adapters\n {2}none/);
  assert.match(stdout, /WebAssembly: V8 checks bounds/);
  // Every way of a training's steps.
  for (const way of ["fused", "without tensors", "ahead of the host", "as tensor operations"]) {
    assert.match(stdout, new RegExp(`training steps.*${way}`), way);
  }
});

Deno.test("fluxion doctor reports that DENO_V8_FLAGS turned off V8's bounds checks", async () => {
  const env = { DENO_WEBGPU_BACKEND: "none", DENO_V8_FLAGS: "--no-wasm-bounds-checks" };
  const { code, stdout } = await fluxion(["doctor"], { env });
  assert.equal(code, 0);
  assert.match(stdout, /WebAssembly: V8 checks no bounds; each memory has 4 GiB of address space/);
});

Deno.test("fluxion data lists, draws and verifies", () =>
  inFolder(async (folder) => {
    const around = { cwd: folder, env: { FLUXION_DATA_DIR: `${folder}/cache` } };
    const list = await fluxion(["data", "list"], around);
    assert.equal(list.code, 0);
    assert.match(list.stdout, /^moons .*built in/m);
    assert.match(list.stdout, /^kmnist .*fluxion data fetch kmnist/m);
    const json = JSON.parse((await fluxion(["data", "list", "--json"], around)).stdout);
    assert.ok(json.length >= 6);
    for (const name of ["moons", "mnist"]) {
      const { code, stdout, stderr } = await fluxion(["data", "preview", name], around);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, `${name}.png\n`);
      const start = Deno.readFileSync(`${folder}/${name}.png`).subarray(1, 4);
      assert.equal(new TextDecoder().decode(start), "PNG");
    }
    assert.equal((await fluxion(["data", "preview", "moons"], around)).code, 2, "the file exists");
    const verified = await fluxion(["data", "verify", "mnist"], around);
    assert.equal(verified.code, 0);
    assert.match(verified.stdout, /embedded mnist: whole/);
    const homeless = await fluxion(["data", "verify", "kmnist"], {
      cwd: folder,
      env: { FLUXION_DATA_DIR: "", XDG_CACHE_HOME: "", HOME: "" },
    });
    assert.equal(homeless.code, 2);
    assert.match(homeless.stderr, /^fluxion: kmnist: there is no cache folder.*FLUXION_DATA_DIR/);
  }));

Deno.test("fluxion data fetch contacts no other host without permission", () =>
  inFolder(async (folder) => {
    const { code, stderr } = await fluxion(
      ["data", "fetch", "mnist", "--from", "http://127.0.0.1:1/mnist"],
      { cwd: folder, env: { FLUXION_DATA_DIR: `${folder}/cache` } },
    );
    assert.equal(code, 2);
    assert.match(stderr, /^fluxion: .*127\.0\.0\.1:1 is not allowed; to allow it, run .*\n$/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));
