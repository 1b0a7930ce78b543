import { type Gpu, gridOf, type ProgramSource } from "../../../src/backends/gpu/mod.ts";
import { gridMain } from "../../../src/ops/wgsl/grid.ts";

const ACCUMULATORS = 8;
const UNROLLED = 8;
const ITERATIONS = 256;
/** A measurement takes about this long. */
const ENOUGH_MS = 60;

/** Operations of one thread: a multiply-add of four numbers is eight. */
const THREAD_FLOP = 8 * ACCUMULATORS * UNROLLED * ITERATIONS;

function source(threads: number): ProgramSource {
  const each = (line: (i: number) => string) =>
    Array.from({ length: ACCUMULATORS }, (_, i) => line(i)).join("\n");
  const code = `
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
${gridMain(threads)}
  let x = vec4f(f32(lid) * 1e-9 + 0.999);
  let y = vec4f(1e-6);
${each((i) => `  var a${i} = vec4f(${i}.0);`)}
  for (var i = 0u; i < ${ITERATIONS}u; i++) {
${Array.from({ length: UNROLLED }, () => each((i) => `    a${i} = fma(a${i}, x, y);`)).join("\n")}
  }
  let sum = ${Array.from({ length: ACCUMULATORS }, (_, i) => `a${i}`).join(" + ")};
  // Never true, which no compiler knows.
  if (sum.x < -1.0) { out[workgroup] = sum.y + sum.z + sum.w; }
}`;
  return { name: "peak", code, bindings: ["readWrite"], threads, workgroupBytes: 0 };
}

/**
 * Measures the float32 operations per second of a kernel that computes in registers alone.
 *
 * @param workgroups As many as the work that it is compared with: few do not fill a device.
 */
export async function peakFlops(
  gpu: Gpu,
  { workgroups, threads }: { readonly workgroups: number; readonly threads: number },
): Promise<number> {
  gridOf(workgroups, gpu.limits); // throws where a device has not so many
  const program = gpu.program(source(threads)), out = gpu.scratch(4 * workgroups);
  const run = async (dispatches: number) => {
    const begin = performance.now();
    for (let i = 0; i < dispatches; i++) gpu.record(program, [out], workgroups);
    gpu.submit();
    await gpu.device.queue.onSubmittedWorkDone();
    return performance.now() - begin;
  };
  try {
    await run(1);
    let dispatches = 1, ms = await run(1);
    while (ms < ENOUGH_MS) {
      dispatches = Math.ceil(dispatches * Math.min(8, 1.5 * ENOUGH_MS / ms));
      ms = await run(dispatches);
    }
    ms = Math.min(ms, await run(dispatches));
    return dispatches * workgroups * threads * THREAD_FLOP / (ms / 1e3);
  } finally {
    out.release();
  }
}
