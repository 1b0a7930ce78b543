import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { gpuOf } from "../../../../src/backends/gpu/gpu.ts";
import type { DeviceLimits } from "../../../../src/backends/gpu/limits.ts";
import { openBackend } from "../../../../src/backends/open_backend.ts";
import { Parameters } from "../../../../src/core/parameters.ts";
import { simdEngine } from "../../../../src/ode/engines/cpu/simd_engine.ts";
import type {
  Engine,
  SolveProblem,
  StepControl,
  Support,
} from "../../../../src/ode/engines/engine.ts";
import { gpuEngine } from "../../../../src/ode/engines/gpu/gpu_engine.ts";
import { rowsAtOnce, supports } from "../../../../src/ode/engines/gpu/plan.ts";
import type { WantedTile } from "../../../../src/ode/engines/gpu/tiles/thread_tile.ts";
import { euler } from "../../../../src/ode/tableaus/euler.ts";
import { tsit5 } from "../../../../src/ode/tableaus/tsit5.ts";
import { mlpLayout, type MlpShape } from "../../../../src/ops/mlp_field/contract.ts";
import { relativeError } from "../../../parity/fixtures.ts";
import { backendTest } from "../../../support/backends.ts";
import { engineSuite } from "../../engine_suite.ts";
import { dopri5Solve, randomNumbers, randomWeights } from "../mlp_problem.ts";
import { mlpFieldFloat64, solveFloat64 } from "./float64_solve.ts";

engineSuite({
  name: "gpuEngine()",
  backends: ["webgpu"],
  open: (backend) => gpuEngine(gpuOf(backend)),
  held: async () => gpuOf(await openBackend("webgpu")).counts.used,
  extent: "all",
  onDevice: true,
});

/** A problem's sizes; its weights are `scale` times PyTorch's bounds. */
interface Sizes extends MlpShape {
  readonly scale: number;
  /** By default 20 groups of 8, the last of 5. */
  readonly rows?: number;
}

/** Points without a change of log-density, [rows, dims + 1]. */
function startOf({ dims, rows = 157 }: Sizes): Float32Array {
  const start = new Float32Array(rows * (dims + 1));
  const numbers = randomNumbers(rows * dims, 20);
  for (let i = 0; i < rows * dims; i++) {
    start[Math.floor(i / dims) * (dims + 1) + i % dims] = numbers[i]!;
  }
  return start;
}

/** The end of {@link problemOf} in float64. */
async function float64Of(
  sizes: Sizes,
  { control, controlGroup = dopri5Solve.controlGroup }: {
    readonly control: StepControl;
    readonly controlGroup?: number;
  },
): Promise<Float64Array> {
  const { dims, hidden, scale, rows = 157 } = sizes;
  const parameters = randomWeights({ dims, hidden }, scale);
  const field = mlpFieldFloat64({ dims, hidden, trace: "exact" }, { parameters });
  const { tableau } = dopri5Solve, how = { tableau, control, rows, groupRows: controlGroup };
  return (await solveFloat64(field, startOf(sizes), how)).y1;
}

/** A problem with an exact trace on the current backend. */
function problemOf(
  { dims, hidden, ...sizes }: Sizes,
  changes: Partial<Omit<SolveProblem, "y0">> = {},
): SolveProblem & { readonly y0: tf.Tensor2D; dispose(): void } {
  const shape = { dims, hidden };
  const parameters = Parameters.fromFlat(mlpLayout(shape), randomWeights(shape, sizes.scale));
  const y0 = tf.tensor2d(startOf({ ...shape, ...sizes }), [sizes.rows ?? 157, dims + 1]);
  return {
    field: { kind: "mlp", ...shape, parameters, trace: { kind: "exact" } },
    y0,
    ...dopri5Solve,
    keep: { kind: "end" },
    ...changes,
    dispose() {
      y0.dispose();
      parameters.dispose();
    },
  };
}

async function solved(engine: Engine, problem: SolveProblem) {
  const solution = await engine.solve(problem);
  const [y1, reports] = [await solution.y1.data(), await engine.report(solution)()];
  const states = await Promise.all(solution.states.map((state) => state.data()));
  solution.dispose();
  return { y1: Float32Array.from(y1), states, reports };
}

/** Odd sizes: a width that is no multiple of 4, three dimensions. */
const odd = { dims: 3, hidden: 22 };

backendTest("fixed steps end at states whose squares are infinite in float32", ["webgpu"], async (
  backend,
) => {
  const problem = problemOf({ ...odd, scale: 1, rows: 9 });
  const y0 = tf.mul(problem.y0, 1e30) as tf.Tensor2D;
  const control = { kind: "fixed", steps: 2 } as const;
  const { y1, reports } = await solved(gpuEngine(gpuOf(backend)), { ...problem, y0, control });
  assert.deepEqual(reports.map(({ failure }) => failure), [null, null]);
  // The field is bounded.
  const positions = (numbers: ArrayLike<number>) => Array.from(numbers).filter((_, i) => i % 4 < 3);
  assert.deepEqual(positions(y1), positions(await y0.data()));
  y0.dispose();
  problem.dispose();
});

/** Several rows, quads and passes; the width's six quads are no multiple of four. */
const otherTile: WantedTile = { rows: 2, quads: 2, columns: 3, unroll: 1 };

backendTest(
  "gpuEngine() accepts the steps of the CPU engine, on odd shapes",
  ["webgpu"],
  async (backend) => {
    // Of fresh weights, and of weights three times as large, whose field is stiff.
    const cases = [{ scale: 1, same: 19, close: 1e-5 }, { scale: 3, same: 16, close: 1e-4 }];
    const onCpu: Awaited<ReturnType<typeof solved>>[] = [];
    await openBackend("cpu");
    for (const { scale } of cases) {
      const problem = problemOf({ ...odd, scale });
      onCpu.push(await solved(simdEngine(), problem));
      problem.dispose();
    }
    await openBackend("webgpu");
    const engine = gpuEngine(gpuOf(backend));
    for (const [i, { scale, same, close }] of cases.entries()) {
      const problem = problemOf({ ...odd, scale });
      const { y1, reports } = await solved(engine, problem);
      const cpu = onCpu[i]!;
      const equal = reports.filter(({ accepted, rejected, nfe }, group) => {
        const other = cpu.reports[group]!;
        return accepted === other.accepted && rejected === other.rejected && nfe === other.nfe;
      });
      assert.equal(reports.length, 20);
      assert.ok(equal.length >= same, `scale ${scale}: ${equal.length} of 20`);
      const error = relativeError(y1, cpu.y1);
      assert.ok(error < close, `scale ${scale}: ${error}`);
      // What the tolerance leaves to a solve, against float64 for two groups, is the CPU engine's.
      const control = { kind: "adaptive", rtol: 1e-8, atol: 1e-8 } as const;
      const truth = await float64Of({ ...odd, scale, rows: 16 }, { control });
      const [own, ofCpu] = [y1, cpu.y1].map((ends) =>
        relativeError(ends.subarray(0, truth.length), truth)
      ) as [number, number];
      assert.ok(own < 5e-4 && own < 1.1 * ofCpu, `scale ${scale}: ${own}, the CPU's ${ofCpu}`);
      problem.dispose();
    }
  },
);

backendTest(
  "gpuEngine() has the same bits again, for any tile and any number of attempts per dispatch",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const keep = { kind: "times", times: [0, 0.25, 0.5, 1] } as const;
    const problem = problemOf({ ...odd, scale: 3 }, { keep });
    const once = await solved(gpuEngine(gpu), problem);
    for (const tuning of [{}, { cap: 3 }, { cap: 200 }, { tile: otherTile }]) {
      const { dispatches } = gpu.counts;
      const again = await solved(gpuEngine(gpu, tuning), problem);
      assert.deepEqual(again, once);
      // With one that packs the weights; each group took more than nine attempts.
      const used = gpu.counts.dispatches - dispatches;
      assert.ok("cap" in tuning && tuning.cap === 3 ? used > 4 : used === 2, `${used} dispatches`);
    }
    problem.dispose();

    const recorded = problemOf({ ...odd, scale: 3 }, { keep: { kind: "records" } });
    const cotangent = tf.onesLike(recorded.y0);
    const gradients: Float32Array[] = [];
    for (const tuning of [{ cap: 3 }, { cap: 200 }, { tile: otherTile }]) {
      const engine = gpuEngine(gpu, tuning);
      const solution = await engine.solve(recorded);
      const { y0, parameters } = await engine.pullBack(solution, cotangent, { kind: "direct" });
      gradients.push(Float32Array.from([...await y0.data(), ...await parameters.data()]));
      tf.dispose([y0, parameters]);
      solution.dispose();
    }
    for (const gradient of gradients) assert.deepEqual(gradient, gradients[0]);
    assert.ok(gradients[0]!.every(Number.isFinite));
    cotangent.dispose();
    recorded.dispose();
  },
);

backendTest(
  "gpuEngine() has the values of float64 at the edges of its tiles",
  ["webgpu"],
  async (backend) => {
    const engine = gpuEngine(gpuOf(backend));
    // One thread per row, and more columns than threads; one row, groups of half a tile, of all of it and one more.
    for (
      const { controlGroup, ...shape } of [
        { dims: 1, hidden: 2, rows: 1, controlGroup: 8 },
        { dims: 5, hidden: 6, rows: 13, controlGroup: 5 },
        { dims: 3, hidden: 22, rows: 17, controlGroup: 8 },
      ]
    ) {
      const sizes = { ...shape, scale: 1 };
      const changes = { controlGroup, control: { kind: "fixed", steps: 5 } } as const;
      const problem = problemOf(sizes, changes);
      const { y1 } = await solved(engine, problem);
      const error = relativeError(y1, await float64Of(sizes, changes));
      assert.ok(error < 2e-6, `${sizes.dims} dimensions: ${error}`);
      problem.dispose();
    }
  },
);

backendTest(
  "gpuEngine() notices that an implementation has ended its loops",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const problem = problemOf({ ...odd, scale: 1 }, {
      tableau: euler,
      control: { kind: "fixed", steps: 3000 },
    });
    const { reports } = await solved(gpuEngine(gpu), problem);
    assert.ok(reports.every(({ accepted, nfe }) => accepted === 3000 && nfe === 3000));
    // Mesa's llvmpipe ends them after 65,535 iterations; other devices run on.
    const all = solved(gpuEngine(gpu, { cap: 3000 }), problem);
    if (backend.description.includes("llvmpipe")) {
      await assert.rejects(all, { name: "FailureError", message: /limits the iterations/ });
    } else await all;
    problem.dispose();
  },
);

backendTest(
  "gpuEngine() takes few dispatches per gradient, and no new buffer after the first",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend), engine = gpuEngine(gpu);
    const problem = problemOf({ ...odd, scale: 1 }, { keep: { kind: "records" } });
    const cotangent = tf.onesLike(problem.y0);
    const step = async () => {
      const before = gpu.counts;
      const solution = await engine.solve(problem);
      const gradient = await engine.pullBack(solution, cotangent, { kind: "direct" });
      solution.dispose();
      await gradient.parameters.data();
      tf.dispose([gradient.y0, gradient.parameters]);
      const { dispatches, reads, buffers, used, programs } = gpu.counts;
      return {
        dispatches: dispatches - before.dispatches,
        reads: reads - before.reads,
        buffers: buffers - before.buffers,
        used: used - before.used,
        programs: programs - before.programs,
      };
    };
    await step();
    const tensors = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) {
      // Packed weights, the solve, its gradient, and the sum of its parts; the solve waits for its reports.
      assert.deepEqual(await step(), { dispatches: 4, reads: 1, buffers: 0, used: 0, programs: 0 });
    }
    assert.equal(tf.memory().numTensors, tensors);
    cotangent.dispose();
    problem.dispose();
  },
);

Deno.test("gpuEngine() says what it does not support", () => {
  const limits: DeviceLimits = {
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupStorageSize: 32768,
    maxComputeWorkgroupsPerDimension: 65535,
    maxStorageBuffersPerShaderStage: 8,
    maxStorageBufferBindingSize: 2 ** 27,
    maxBufferSize: 2 ** 28,
  };
  const problem = (
    { rows = 512, dims = 2, hidden = 64 }: { rows?: number; dims?: number; hidden?: number },
    changes: Partial<SolveProblem> = {},
  ): SolveProblem => ({
    field: {
      kind: "mlp",
      dims,
      hidden,
      parameters: null as unknown as Parameters,
      trace: { kind: "exact" },
    },
    y0: { shape: [rows, dims + 1] } as unknown as tf.Tensor2D,
    t0: 0,
    t1: 1,
    tableau: tsit5,
    control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
    controlGroup: 8,
    maxSteps: 1000,
    keep: { kind: "end" },
    ...changes,
  });
  const refused = (problem: SolveProblem, reason: RegExp) => {
    const support = supports(problem, limits);
    assert.ok(support.kind === "no");
    assert.match(support.reasons.join("; "), reason);
  };
  for (
    const keep of [{ kind: "end" }, { kind: "records" }, { kind: "times", times: [1] }] as const
  ) {
    for (const hidden of [2, 64, 128]) {
      const asked = problem({ hidden, rows: 8192 }, { keep });
      assert.deepEqual(supports(asked, limits), { kind: "yes" });
    }
  }
  // Chunks grow by time, so engines must not change with them.
  for (const keep of [{ kind: "end" }, { kind: "times", times: Array(500).fill(1) }] as const) {
    for (const dims of [1, 2, 43]) {
      const rows = rowsAtOnce(problem({ dims }, { keep }));
      assert.ok(rows > 0 && rows <= 2 ** 17);
      assert.deepEqual(supports(problem({ dims, rows }, { keep }), limits), { kind: "yes" });
    }
  }
  refused(problem({}, { controlGroup: "batch" }), /control groups of at most 32 rows, not 512/);
  // States and slopes of all rows are in workgroup memory.
  for (const keep of [{ kind: "end" }, { kind: "records" }] as const) {
    assert.deepEqual(supports(problem({ dims: 43 }, { keep }), limits), { kind: "yes" });
  }
  refused(problem({ dims: 100 }), /bytes of workgroup memory, the device has 32768/);
  refused(
    problem({}, { control: { kind: "adaptive", rtol: 1e-7, atol: 1e-8 } }),
    /tolerances from 0\.000001, not 1e-7/,
  );
  refused(problem({}, { field: { kind: "tensors" } as SolveProblem["field"] }), /not tensors/);
  refused(problem({ hidden: 1024 }), /2048 invocations per workgroup, the device has 256/);
  // The gradient keeps two arrays of activations where the solve has one.
  const small = { ...limits, maxComputeWorkgroupStorageSize: 16384 };
  const { field, ...rest } = problem({ dims: 150, hidden: 1024 }, { controlGroup: 1 });
  const wide = { ...rest, field: { ...field, trace: { kind: "hutchinson" } } } as SolveProblem;
  assert.deepEqual(supports(wide, small), { kind: "yes" });
  const { kind, reasons } = supports({ ...wide, keep: { kind: "records" } }, small) as Extract<
    Support,
    { kind: "no" }
  >;
  assert.equal(kind, "no");
  assert.match(reasons[0]!, /too much workgroup memory for its gradient, the device has 16384/);
  refused(problem({ rows: 2 ** 25 }), /bytes in a buffer, the device has 134217728/);
});
