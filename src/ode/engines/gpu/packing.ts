import type { Gpu, Operand, PooledBuffer, ProgramSource } from "../../../backends/gpu/mod.ts";
import { gridMain } from "../../../ops/wgsl/grid.ts";
import { mlpLayout, type MlpShape } from "../../../ops/mlp_field/contract.ts";
import { Held } from "./held.ts";
import { gradientPlaces, packedWeights, packingOrder, PADDING } from "./packed_weights.ts";

const THREADS = 64;

const gather: ProgramSource = {
  name: "packed weights",
  code: `
@group(0) @binding(0) var<storage, read> order: array<u32>;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

${gridMain(THREADS)}
  let i = workgroup * ${THREADS}u + lid;
  if (i >= arrayLength(&order)) { return; }
  let source = order[i];
  packed[i] = select(0.0, parameters[min(source, arrayLength(&parameters) - 1u)], source != ${PADDING}u);
}
`,
  bindings: ["read", "read", "readWrite"],
  threads: THREADS,
  workgroupBytes: 0,
};

/** The tables of a network on a device. */
interface PackingTables {
  readonly order: PooledBuffer;
  readonly places: PooledBuffer;
}

/** Kept for the life of the device: they are a function of the shape. */
const known = new WeakMap<Gpu, Map<string, PackingTables>>();

function tablesOf(gpu: Gpu, shape: MlpShape): PackingTables {
  let ofDevice = known.get(gpu);
  if (ofDevice === undefined) known.set(gpu, ofDevice = new Map());
  const key = `${shape.dims} ${shape.hidden}`;
  let tables = ofDevice.get(key);
  if (tables === undefined) {
    const held = new Held();
    try {
      tables = {
        order: held.buffer(gpu.upload(packingOrder(shape))),
        places: held.buffer(gpu.upload(gradientPlaces(shape))),
      };
    } catch (error) {
      held.releaseAll();
      throw error;
    }
    ofDevice.set(key, tables);
  }
  return tables;
}

/**
 * Records the packing of a network's parameters.
 *
 * @param parameters Flat, device order.
 * @returns {@link packedWeights}, released by the caller.
 * @throws {RangeError} If their number is not that of the network.
 */
export function packParameters(gpu: Gpu, shape: MlpShape, parameters: Operand): PooledBuffer {
  const { size } = mlpLayout(shape);
  const given = "release" in parameters ? parameters.bytes / 4 : parameters.size;
  if (given !== size) throw new RangeError(`mlp: expected ${size} parameters, got ${given}`);
  const numbers = 4 * packedWeights(shape).size;
  const packed = gpu.scratch(4 * numbers);
  try {
    const { order } = tablesOf(gpu, shape);
    gpu.record(gpu.program(gather), [order, parameters, packed], Math.ceil(numbers / THREADS));
    return packed;
  } catch (error) {
    packed.release();
    throw error;
  }
}

/** {@link gradientPlaces} on the device; remains the device's. */
export function gradientPlacesOn(gpu: Gpu, shape: MlpShape): PooledBuffer {
  return tablesOf(gpu, shape).places;
}
