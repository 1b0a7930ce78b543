import assert from "node:assert/strict";
import { type ParameterLayout, Parameters, reorderAxes } from "../../src/core/parameters.ts";
import type { Network } from "../../src/nn/network.ts";
import { type FixtureTensors, relativeError } from "./fixtures.ts";

/** A fixture's weights on the current backend; dispose them. */
export function parametersOf(layout: ParameterLayout, tensors: FixtureTensors): Parameters {
  const flat = new Float32Array(layout.size);
  for (const entry of layout.entries) {
    const values = Float32Array.from(tensors[entry.name]!.data);
    flat.set(reorderAxes(entry, values, "device"), entry.offset);
  }
  return Parameters.fromFlat(layout, flat);
}

/** Asserts that a network has the names and shapes of a state_dict, and the values of its buffers. */
export function assertStateDict({ layout, buffers = [] }: Network, tensors: FixtureTensors): void {
  const shapes = (all: readonly (readonly [string, readonly number[]])[]) =>
    new Map(all.map(([name, shape]) => [name, [...shape]]));
  const ours = [...layout.entries, ...buffers].map(({ name, shape }) => [name, shape] as const);
  const theirs = Object.entries(tensors).map(([name, { shape }]) => [name, shape] as const);
  assert.deepEqual(shapes(ours), shapes(theirs));
  for (const { name, values } of buffers) {
    const error = relativeError(values, tensors[name]!.data);
    assert.ok(error < 1e-6, `${name}: relative error ${error}`);
  }
}
