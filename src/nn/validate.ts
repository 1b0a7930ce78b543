import type { ParameterEntry } from "../core/parameters.ts";
import { InputError } from "../core/errors.ts";
import { named, quotedJson } from "../core/quoted.ts";
import type { Network } from "./network.ts";
import { requireRoom } from "./room.ts";

/**
 * Validates an untrusted network before anything is allocated: its layout has the form of
 * `layoutOf`, its rows match its image size, and it fits in memory.
 *
 * @throws {InputError} For the first problem found.
 */
export function validateNetwork(network: Network): void {
  const { kind, rowWidth, image, layout, activations, apply } = network;
  if (
    typeof kind !== "string" || kind === "" || typeof apply !== "function" ||
    !Array.isArray(layout?.entries)
  ) {
    throw new InputError(
      "network: must be a record with kind, rowWidth, layout (from layoutOf()) and a function " +
        `apply(), got ${typeof network === "object" ? "another record" : quotedJson(network)}`,
    );
  }
  const refuse = (what: string) => new InputError(`network ${named(kind)}: ${what}`);
  if (!isCount(rowWidth)) {
    throw refuse(`rowWidth: expected a whole number of at least 1, got ${rowWidth}`);
  }
  if (image !== undefined) {
    const { height, width, channels } = image;
    if (![height, width, channels].every(isCount) || height * width * channels !== rowWidth) {
      throw refuse(
        `rowWidth: expected height * width * channels of its image, ` +
          `${height} * ${width} * ${channels}, got ${rowWidth}`,
      );
    }
  }
  for (const [what, numbers] of Object.entries(activations ?? {})) {
    if (!(numbers > 0 && Number.isFinite(numbers))) {
      throw refuse(`activations.${what}: expected a finite number above 0, got ${numbers}`);
    }
  }
  let offset = 0;
  const names = new Set<string>();
  for (const entry of layout.entries) {
    if (!isEntryAt(entry, offset)) {
      throw refuse(
        `layout: ${named(entry.name)} does not lie at ${offset} with the size of its shape; ` +
          "make the layout with layoutOf()",
      );
    }
    if (names.has(entry.name)) throw refuse(`layout: has two tensors ${named(entry.name)}`);
    names.add(entry.name);
    offset += entry.size;
  }
  if (layout.size !== offset || offset === 0) {
    throw refuse(`layout: has the size ${layout.size}, its tensors together ${offset} numbers`);
  }
  requireRoom(network, { weights: "narrower layers", activations: "narrower layers" });
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

/** Whether a tensor starts at `offset` and its shapes, axes and size are consistent. */
function isEntryAt(entry: ParameterEntry, offset: number): boolean {
  const { shape, axes, deviceShape, size } = entry;
  return entry.offset === offset && shape.every(isCount) &&
    shape.reduce((product, extent) => product * extent, 1) === size &&
    deviceShape.length === shape.length && axes.length === shape.length &&
    new Set(axes).size === shape.length &&
    axes.every((axis, i) => shape[axis] !== undefined && shape[axis] === deviceShape[i]) &&
    Number.isFinite(entry.initialBound) && Number.isFinite(entry.initialCentre);
}
