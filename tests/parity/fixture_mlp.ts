import { Parameters, reorderAxes } from "../../src/core/parameters.ts";
import { mlpLayout } from "../../src/ops/mlp_field/contract.ts";
import type { FixtureTensors } from "./fixtures.ts";

/** A fixture's state_dict or gradient as one flat vector in device order, at the file's full precision. */
export function flatFixture(tensors: FixtureTensors, dims: number, hidden: number): Float64Array {
  const layout = mlpLayout({ dims, hidden });
  const out = new Float64Array(layout.size);
  for (const entry of layout.entries) {
    const { data } = tensors[entry.name]!;
    // reorderAxes works in float32: it moves positions here, which float32 holds exactly.
    const positions = reorderAxes(entry, Float32Array.from(data, (_, i) => i), "device");
    positions.forEach((from, to) => out[entry.offset + to] = data[from]!);
  }
  return out;
}

/** The fixture's model on the current backend; dispose it. */
export function fixtureParameters(
  tensors: FixtureTensors,
  dims: number,
  hidden: number,
): Parameters {
  return Parameters.fromFlat(
    mlpLayout({ dims, hidden }),
    Float32Array.from(flatFixture(tensors, dims, hidden)),
  );
}
