import { fromBase64 } from "../../../core/base64.ts";
import { type SimdChoice, simdModule } from "../../../threads/simd_module.ts";
import {
  type LoadedModules,
  processThreads,
  type ThreadPool,
} from "../../../threads/thread_pool.ts";
import { TileChoice } from "../../../threads/tile_choice.ts";
import { EngineMemory } from "./engine_memory.ts";
import plain from "./kernel/simd_engine.plain.wasm.b64" with { type: "text" };
import relaxed from "./kernel/simd_engine.relaxed.wasm.b64" with { type: "text" };

/** The engine's module, instantiated on all threads with its shared memory. */
export interface EngineModule {
  readonly pool: ThreadPool;
  readonly loaded: LoadedModules;
  readonly memory: EngineMemory;
  readonly tiles: TileChoice;
}

/** Inputs and outputs of the timed products, and the number of float32 values that they use. */
const [INPUTS, OUTPUTS, NUMBERS] = [64, 60, 5376];

// One memory per build for the whole process, like tfjs's backends.
const modules = new Map<SimdChoice, Promise<EngineModule>>();

/**
 * Loads the module of a build.
 *
 * @throws {FailureError} If its memory cannot be reserved.
 */
export function engineModule(build: SimdChoice): Promise<EngineModule> {
  let module = modules.get(build);
  if (module === undefined) {
    module = load(build);
    modules.set(build, module);
    // Let a later solve try again.
    module.catch(() => modules.delete(build));
  }
  return module;
}

async function load(build: SimdChoice): Promise<EngineModule> {
  const pool = await processThreads();
  const memory = new EngineMemory();
  const module = simdModule({ relaxed: fromBase64(relaxed), plain: fromBase64(plain) }, build);
  const loaded = pool.load([module], memory.memory, "a worker of the CPU engine");
  const { productOf } = loaded.functions;
  const tiles = new TileChoice({
    product: (wide, at) => productOf!(wide, INPUTS, OUTPUTS, at),
    numbers: NUMBERS,
    memory: memory.memory,
    withMemory: (numbers, use) => {
      const block = memory.allocate(4 * numbers);
      use(block.at);
      memory.release(block);
    },
    // V8 tiers up after this many calls; the following solves time the optimised code.
    rounds: [100, 5, 200],
    // Before V8 tiers up, both take the same time.
    share: 0.95,
  });
  return { pool, loaded, memory, tiles };
}
