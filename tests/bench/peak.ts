import { simdModule } from "../../src/threads/simd_module.ts";
import { ownMemory } from "../../src/core/wasm/guarded_memory.ts";
import plain from "./peak.plain.wasm" with { type: "bytes" };
import relaxed from "./peak.relaxed.wasm" with { type: "bytes" };

/** Address of the results; the first page stays unused. */
const OUT = 65536;
const TURNS = 200_000;
/** Multiply-adds of four numbers per iteration of each loop (peak.as.ts). */
const SUMS = { peak: 12, widePeak: 24 } as const;

/** Returns a function that measures a core's peak, the faster register-only loop, in GFLOP/s. */
export function openPeak(): () => number {
  const memory = ownMemory(2);
  const module = simdModule({ relaxed, plain }, "fastest");
  const loops = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<
    keyof typeof SUMS,
    (rounds: number, factor: number, out: number) => void
  >;
  const rate = (name: keyof typeof SUMS) => {
    const begin = performance.now();
    loops[name](TURNS, 0.999, OUT);
    return 8 * TURNS * SUMS[name] / (performance.now() - begin) / 1e6;
  };
  // V8 does not replace a running loop by optimised code.
  for (let i = 0; i < 2000; i++) {
    loops.peak(1000, 0.999, OUT);
    loops.widePeak(1000, 0.999, OUT);
  }
  return () => Math.max(rate("peak"), rate("widePeak"));
}
