import { simdModule } from "../../src/runtime/simd/simd_module.ts";
import plain from "./peak.plain.wasm" with { type: "bytes" };
import relaxed from "./peak.relaxed.wasm" with { type: "bytes" };

const TURNS = 200_000;
/** Twelve multiply-adds of four numbers a turn (peak.as.ts). */
const OPERATIONS = TURNS * 12 * 4 * 2;

/** Times the register-only loop that is a core's peak; gives its billions of operations a second. */
export function openPeak(): () => number {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = simdModule({ relaxed, plain }, "fastest");
  const { peak } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    peak(rounds: number, factor: number): number;
  };
  for (let i = 0; i < 2000; i++) peak(1000, 0.999); // a running loop is not replaced by a faster one
  return () => {
    const begin = performance.now();
    peak(TURNS, 0.999);
    return OPERATIONS / (performance.now() - begin) / 1e6;
  };
}
