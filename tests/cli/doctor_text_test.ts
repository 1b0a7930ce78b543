import assert from "node:assert/strict";
import {
  engineTimesText,
  inTypedOptions,
  typicalStepsText,
} from "../../cli/commands/doctor/steps_text.ts";
import { option } from "../../src/core/options/spelling.ts";
import type { TypicalStep } from "../../src/train/backend_choice/typical_steps.ts";

const use = {
  ms: 12.345,
  dispatches: 6.5,
  submits: 1.25,
  buffers: 0,
  bytesResident: 3 * 2 ** 20,
  programs: [
    { name: "pull-back", dispatches: 1, ms: 8.25 },
    { name: "tfjs", dispatches: 5.5, ms: 0.5 },
  ],
};
const step = { work: "cnf on moons", way: "device", use, problem: null } as const;
const tests = [{ ok: true }];
const taken = (one: TypicalStep) => ({ tests, steps: [one] });

Deno.test("doctor shows what a training step uses, with times where the adapter has them", () => {
  const shown = [
    "  cnf on moons, recorded ahead of the host",
    "    a step: 12 ms; 6.5 dispatches, 1.3 submits, 0 new buffers; 3.0 MiB resident",
    "      program    dispatches     ms",
    "      pull-back           1  8.250",
    "      tfjs              5.5  0.500",
  ];
  assert.deepEqual([...typicalStepsText(taken(step), "FAILED")], shown);
  const programs = use.programs.map((program) => ({ ...program, ms: null }));
  const untimed = [...typicalStepsText(taken({ ...step, use: { ...use, programs } }), "FAILED")];
  assert.deepEqual(untimed.slice(2), [
    "      program    dispatches",
    "      pull-back           1",
    "      tfjs              5.5",
    "      no times: this adapter has no timestamp-query",
  ]);
});

Deno.test("doctor names options of a failed step as they are typed", () => {
  const problem = `the device was lost; try ${option("backend", "cpu")}`;
  const steps = inTypedOptions([{ ...step, use: null, problem }]);
  assert.deepEqual([...typicalStepsText({ tests, steps }, "FAILED")], [
    "  FAILED  cnf on moons: the device was lost; try --backend cpu",
  ]);
  assert.deepEqual(inTypedOptions([step]), [step]);
});

Deno.test("doctor takes no training steps where a self-test failed, and says so", () => {
  assert.match(
    [...typicalStepsText({ tests, steps: null }, "FAILED")].join(),
    /--backend webgpu takes some/,
  );
  const wrong = [{ ok: true }, { ok: false }];
  assert.deepEqual([...typicalStepsText({ tests: wrong, steps: null }, "FAILED")], [
    "  none were taken: a self-test failed",
  ]);
});

Deno.test("doctor shows what auto measured as a table", () => {
  const shape = { model: "cnf", batchSize: 512 }, adapter = "Test GPU";
  const times = [
    { atMs: 2, shape, choice: { backend: "webgpu", adapter, cpuMs: 120.4, webgpuMs: 4.321 } },
    { atMs: 1, shape, choice: { backend: "cpu", adapter, cpuMs: 0.5, webgpuMs: 1 } },
  ] as const;
  assert.deepEqual([...engineTimesText(times)], [
    "  measured on this machine, the latest first; of a step of the shape below:",
    "    chosen  on the CPU  on the GPU  GPU",
    "    webgpu      120 ms      4.3 ms  Test GPU",
    "      model cnf, batchSize 512",
    "    cpu         0.5 ms        1 ms  Test GPU",
    "      model cnf, batchSize 512",
  ]);
  assert.deepEqual([...engineTimesText([])], []);
});
