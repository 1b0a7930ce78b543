import assert from "node:assert/strict";
import { FailureError } from "../../../src/core/errors.ts";
import { ready } from "../../../src/core/late.ts";
import { Stopped } from "../../../src/core/stop.ts";
import { choiceReason } from "../../../src/train/backend_choice/backend_choice.ts";
import {
  fasterBackend,
  type StepTime,
  timeSteps,
} from "../../../src/train/backend_choice/time_steps.ts";
import type { TakenStep } from "../../../src/train/steps/trainer.ts";

/** How long a fake engine's steps take. */
interface FakeSteps {
  readonly firstMs: number;
  readonly stepMs: number;
  readonly perCall?: number;
  readonly loss?: number;
  /** Of a wait for the device. */
  readonly readMs?: number;
  /** Whether figures arrive on their own. */
  readonly isAhead?: boolean;
}

/**
 * A trainer with a clock of its own, on which steps take their time when they are read; those of one that is
 * ahead of the host when they are taken.
 */
function fakeTrainer(
  { firstMs, stepMs, perCall = 1, loss = 2, readMs = 0, isAhead = false }: FakeSteps,
) {
  let now = 0, queued = 0, unread = 0, steps = 0, disposed = 0;
  const read = () => {
    now += queued + (unread > 0 ? readMs : 0);
    queued = unread = 0;
  };
  return {
    clock: () => now,
    disposed: () => disposed,
    steps: () => steps,
    take(done: number, most: number): Promise<readonly TakenStep[]> {
      const count = Math.min(perCall, most);
      const ms = done === 0 ? firstMs : count * stepMs;
      if (isAhead) now += ms;
      else queued += ms;
      unread = steps = done + count;
      return Promise.resolve(Array.from({ length: count }, (_, i): TakenStep => ({
        step: done + i + 1,
        loss: () => (read(), Promise.resolve(loss)),
        nfe: ready(8),
        energies: null,
        ...(isAhead ? { isKnown: () => false } : {}),
        dispose: () => void disposed++,
      })));
    },
  };
}

Deno.test("timeSteps() times queued steps with their reading, without the first", async () => {
  // Some 150 ms in two rounds each, no more than 256 steps, and no second round of one long step.
  for (const [stepMs, steps] of [[0.5, 512], [2, 150], [30, 10], [140, 4], [4000, 1]] as const) {
    const trainer = fakeTrainer({ firstMs: 5000, stepMs });
    assert.deepEqual(await timeSteps(trainer, trainer.clock), { ms: stepMs, loss: 2 });
    assert.ok(trainer.steps() > steps && trainer.steps() <= 1 + steps + 16, `${trainer.steps()}`);
    assert.equal(trainer.disposed(), trainer.steps());
  }
  const several = fakeTrainer({ firstMs: 1, stepMs: 2, perCall: 3 });
  assert.equal((await timeSteps(several, several.clock)).ms, 2);
});

Deno.test("timeSteps() waits for the device as training does, and no longer than a second", async () => {
  const timed = async (steps: FakeSteps) => {
    const trainer = fakeTrainer({ readMs: 12, ...steps });
    const { ms } = await timeSteps(trainer, trainer.clock);
    return { ms, tookMs: trainer.clock() - steps.firstMs };
  };
  for (const stepMs of [0.5, 1, 10, 100]) {
    // Steps that are ahead of the host never wait in training: a tenth of a millisecond remains.
    const ahead = await timed({ firstMs: 1000, stepMs, isAhead: true });
    assert.ok(ahead.ms - stepMs < Math.max(0.1, stepMs * 0.1), `${stepMs}: ${ahead.ms}`);
    // Tensors are read eight at a time.
    const tensors = await timed({ firstMs: 1000, stepMs });
    const waits = tensors.ms - stepMs - 12 / Math.min(8, 500 / stepMs);
    assert.ok(Math.abs(waits) < 0.5 + 0.02 * stepMs, `${stepMs}: ${tensors.ms}`);
    assert.ok(ahead.tookMs < 600 && tensors.tookMs < 1000, `${ahead.tookMs} ${tensors.tookMs}`);
  }
  for (const isAhead of [false, true]) {
    const long = await timed({ firstMs: 9000, stepMs: 4000, isAhead });
    assert.equal(long.tookMs, 4000 + 2 * 12);
  }
});

/** The choice between two engines. */
async function choiceOf(cpu: FakeSteps, webgpu: FakeSteps) {
  return await fasterBackend("Test GPU", (kind) => {
    const trainer = fakeTrainer(kind === "cpu" ? cpu : webgpu);
    return timeSteps(trainer, trainer.clock);
  });
}

Deno.test("fasterBackend() chooses the engine with the shorter step, however long it compiles", async () => {
  const slow = { firstMs: 20, stepMs: 12 }, fast = { firstMs: 3000, stepMs: 4.25 };
  const gpu = await choiceOf(slow, fast);
  assert.deepEqual(gpu, { backend: "webgpu", adapter: "Test GPU", cpuMs: 12, webgpuMs: 4.25 });
  assert.equal(choiceReason(gpu), "a step takes 12 ms on the CPU and 4.3 ms on Test GPU");
  const cpu = await choiceOf(fast, slow);
  assert.deepEqual(cpu, { backend: "cpu", adapter: "Test GPU", cpuMs: 4.25, webgpuMs: 12 });
});

Deno.test("fasterBackend() takes no GPU that fails or whose loss is another", async () => {
  const slow = { firstMs: 20, stepMs: 12 }, fast = { firstMs: 20, stepMs: 1 };
  for (const loss of [NaN, 2.05, -2]) {
    const choice = await choiceOf(slow, { ...fast, loss });
    assert.deepEqual(choice, { backend: "cpu", adapter: "Test GPU", cpuMs: 12, webgpuMs: null });
    assert.equal(choiceReason(choice), "a step fails or differs on Test GPU");
  }
  assert.equal((await choiceOf(slow, { ...fast, loss: 2.01 })).backend, "webgpu");
  const failing = (failed: "cpu" | "webgpu", error: Error) =>
    fasterBackend(
      "Test GPU",
      (kind): Promise<StepTime> =>
        kind === failed ? Promise.reject(error) : Promise.resolve({ ms: 3, loss: 1 }),
    );
  assert.equal((await failing("webgpu", new FailureError("no memory"))).backend, "cpu");
  const onGpu = await failing("cpu", new FailureError("no memory"));
  assert.deepEqual(onGpu, { backend: "webgpu", adapter: "Test GPU", cpuMs: null, webgpuMs: 3 });
  await assert.rejects(failing("webgpu", new Stopped("asked to stop")), Stopped);
  await assert.rejects(failing("webgpu", new TypeError("a fault of the program")), TypeError);
});
