import { InputError } from "../runtime/errors.ts";
import type { Network } from "./network.ts";

/**
 * Checks the sizes of a network.
 *
 * @throws {InputError} If a size is not a positive whole number, or a width that carries
 *   the time embedding is odd, or the filters of a unet are not a multiple of four.
 */
export function validateNetwork(network: Network): void {
  switch (network.kind) {
    case "mlp":
      requireCount("dims", network.dims);
      requireEven("hidden", network.hidden);
      return;
    case "resnet":
      requireCount("height", network.height);
      requireCount("width", network.width);
      requireCount("channels", network.channels);
      requireEven("filters", network.filters);
      requireCount("blocks", network.blocks);
      return;
    case "unet":
      requireCount("height", network.height);
      requireCount("width", network.width);
      requireCount("channels", network.channels);
      requireMultipleOf4("filters", network.filters);
      return;
    default:
      network satisfies never;
  }
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InputError(`${name}: expected a whole number of at least 1, got ${value}`);
  }
}

function requireEven(name: string, value: number): void {
  requireCount(name, value);
  if (value % 2 !== 0) {
    const near = value === 1 ? "2" : `${value - 1} or ${value + 1}`;
    throw new InputError(
      `${name}: expected an even number, since the time embedding is half sines and half ` +
        `cosines, got ${value}; take ${near}`,
    );
  }
}

function requireMultipleOf4(name: string, value: number): void {
  requireCount(name, value);
  if (value % 4 !== 0) {
    const below = value - value % 4;
    throw new InputError(
      `${name}: a unet normalises four at a time and takes a multiple of 4, got ${value}; take ` +
        (below === 0 ? "4" : `${below} or ${below + 4}`),
    );
  }
}
