// When the program loads tfjs: never for flows on points with the standard normal source.
import assert from "node:assert/strict";
import { requestAdapter } from "../../../src/backends/adapters.ts";
import { deno } from "../../../tools/bundle.ts";
import { inFolder } from "../../support/in_folder.ts";

/** tfjs's own mark: its core keeps its state under this name of the global object. */
const MARK = "_tfengine";

/** Runs a program on the library as the command line loads it; returns what it prints as JSON. */
async function run(folder: string, body: string): Promise<unknown> {
  const file = `${folder}/program.ts`;
  await Deno.writeTextFile(
    file,
    `import * as fluxion from "@fluxion/fluxion/program";
     const isLoaded = () => "${MARK}" in globalThis;
     const folder = ${JSON.stringify(folder)};
     const moons = { data: "moons", hidden: 8, batchSize: 64, steps: 3, backend: "cpu" };
     const device = () => fluxion.openDevice("cpu", { tensors: "onDemand" });
     ${body}`,
  );
  const { success, stdout, stderr } = await deno([
    ...["run", "-q", "--config=deno.json", "--lock=tests/deno.lock", "-P=fluxion"],
    file,
  ]);
  assert.ok(success, stderr);
  return JSON.parse(stdout);
}

Deno.test("flow matching on points, its samples and log-likelihoods load no tfjs", () =>
  inFolder(async (folder) => {
    const found = await run(
      folder,
      `const { run } = await fluxion.train({ ...moons, model: "fm" }, { run: folder + "/r" });
       const { model } = await fluxion.loadRun(run);
       const { engines, backend } = await device();
       const { samples } = await fluxion.sample(model, engines, { count: 9 });
       const { logProb } = await fluxion.logProb(model, engines, samples);
       const both = await fluxion.sample(model, engines, {
         count: 9,
         withLogProb: { trace: { kind: "exact" } },
       });
       const before = isLoaded();
       (await fluxion.openDevice("cpu")).backend.check();
       const again = await fluxion.sample(model, engines, { count: 9 });
       console.log(JSON.stringify({
         before, after: isLoaded(),
         kind: backend.kind,
         finite: logProb.every(Number.isFinite) && both.logProb.every(Number.isFinite),
         same: String(again.samples) === String(samples),
       }));`,
    );
    assert.deepEqual(found, {
      ...{ before: false, after: true, kind: "cpu", finite: true, same: true },
    });
  }));

Deno.test("a CNF trains, evaluates and resumes without tfjs, in every default way", () =>
  inFolder(async (folder) => {
    const found = await run(
      folder,
      `const cnf = { ...moons, model: "cnf", evalEvery: 1 };
       const ways = [];
       const hooks = { onStart: ({ way }) => void ways.push(way) };
       const plain = await fluxion.train(cnf, { run: folder + "/a", hooks });
       const wide = { ...cnf, trace: "hutchinson", gradient: "adjoint", regularize: "kinetic=0.1" };
       await fluxion.train(wide, { run: folder + "/b", hooks });
       const more = { run: folder + "/a", hooks, mode: "resume" };
       await fluxion.train({ model: "cnf", steps: 5 }, more);
       console.log(JSON.stringify({
         ways, isLoaded: isLoaded(), finite: Number.isFinite(plain.metrics.testLoss),
       }));`,
    );
    const ways = ["numbers", "numbers", "numbers"];
    assert.deepEqual(found, { ways, isLoaded: false, finite: true });
  }));

Deno.test("a CNF from another source trains with tensors, on a backend that is open before its first step", () =>
  inFolder(async (folder) => {
    const found = await run(
      folder,
      `let atStart;
       const hooks = { onStart: () => void (atStart = isLoaded()) };
       const source = fluxion.eightGaussiansSource;
       const { run } = await fluxion.train({ ...moons, model: "cnf", source }, {
         run: folder + "/r", hooks,
       });
       // A device on demand is the open one.
       const { engines, backend } = await device();
       const { model } = await fluxion.loadRun(run, undefined, { source });
       const shape = model.parameters.flat.shape;
       backend.close();
       console.log(JSON.stringify({ atStart, name: backend.tfName, size: shape[0] }));`,
    );
    const { atStart, name } = found as { readonly atStart: boolean; readonly name: string };
    assert.equal(atStart, true);
    assert.equal(name, "fluxion-cpu");
  }));

Deno.test({
  name: "needTensors() keeps the backend that was opened after a device on demand",
  ignore: await requestAdapter() === null,
  fn: () =>
    inFolder(async (folder) => {
      const inside = (path: string) => JSON.stringify(import.meta.resolve(`../../../src/${path}`));
      const found = await run(
        folder,
        `const { needTensors } = await import(${inside("core/tfjs/on_demand.ts")});
         const tf = await import(${inside("core/tfjs/library.ts")});
         await device();
         const gpu = await fluxion.openDevice("webgpu");
         await needTensors();
         const open = tf.getBackend();
         gpu.close();
         await needTensors();
         console.log(JSON.stringify({ open, closed: tf.getBackend() }));`,
      );
      assert.deepEqual(found, { open: "fluxion-webgpu", closed: "fluxion-cpu" });
    }),
});
