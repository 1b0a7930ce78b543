import { bytesText } from "../core/bytes_text.ts";
import { InputError } from "../core/errors.ts";
import { activationNumbers, MOST_EVALUATION_BYTES } from "./activation_numbers.ts";
import { networkLayout } from "./layout.ts";
import { type Network, rowWidth } from "./network.ts";

/** Bytes of a network's weights in float32 at most: half of tfjs's memory, which holds them twice. */
const MOST_WEIGHT_BYTES = 2 ** 30;
/** Bytes of a row of its input at most. */
const MOST_ROW_BYTES = 2 ** 30;
/** Blocks of a resnet at most: each has six tensors, and a layer of them is a record of its own. */
const MOST_BLOCKS = 10_000;

/**
 * Checks the sizes of a network, and that a memory can hold it, before anything is laid out.
 *
 * @param place The file that it stands in, for messages; of options when left out.
 * @throws {InputError} If a size is not a positive whole number, or a width that carries
 *   the time embedding is odd, or the filters of a unet are not a multiple of four, or the
 *   weights, a row of the input or what the layers make of one are more than a memory holds.
 */
export function validateNetwork(network: Network, place?: string): void {
  try {
    requireSizes(network);
    requireRoom(network);
  } catch (error) {
    if (!(error instanceof InputError) || place === undefined) throw error;
    throw new InputError(`${place}: network: ${error.message}`);
  }
}

function requireSizes(network: Network): void {
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

/** In float64, which is exact as far as anything is accepted. */
function requireRoom(network: Network): void {
  const rowBytes = 4 * rowWidth(network);
  if (rowBytes > MOST_ROW_BYTES) {
    throw new InputError(
      `${JSON.stringify(network)}: a row of the input takes ${rowBytes} bytes, more than ` +
        `${MOST_ROW_BYTES}; take data of fewer numbers a row`,
    );
  }
  const blocks = network.kind === "resnet" ? network.blocks : 1;
  if (blocks > MOST_BLOCKS) {
    throw new InputError(`blocks: expected at most ${MOST_BLOCKS}, got ${blocks}`);
  }
  const bytes = 4 * weightCount(network);
  if (bytes > MOST_WEIGHT_BYTES) {
    const width = network.kind === "mlp" ? "hidden" : "filters";
    throw new InputError(
      `${JSON.stringify(network)}: its weights take ${bytes} bytes in float32, more than ` +
        `${MOST_WEIGHT_BYTES}; take a smaller ${width}`,
    );
  }
  const activations = 4 * activationNumbers(network).evaluation;
  if (activations > MOST_EVALUATION_BYTES) {
    throw new InputError(
      `${JSON.stringify(network)}: the layers of one row take ${bytesText(activations)}, more ` +
        `than ${bytesText(MOST_EVALUATION_BYTES)}; take ` +
        (network.kind === "mlp" ? "a smaller hidden width" : "fewer filters, or smaller images"),
    );
  }
}

/** Length of the flat parameter vector; a resnet's blocks are alike and not laid out one by one. */
function weightCount(network: Network): number {
  if (network.kind !== "resnet") return networkLayout(network).size;
  const [none, one] = [0, 1].map((blocks) => networkLayout({ ...network, blocks }).size);
  return none! + network.blocks * (one! - none!);
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
