import { namedNetwork } from "../nn/named_networks.ts";
import { trainingRows } from "../flows/piece_rows.ts";
import type { Network } from "../nn/network.ts";
import { bytesText } from "../core/bytes_text.ts";
import { HEAP_BYTES, RESERVED_BYTES } from "../threads/guarded_heap.ts";
import { InputError } from "../core/errors.ts";
import { option } from "../core/options/spelling.ts";
import type { TrainConfig } from "./options/table.ts";

/**
 * Parameter-sized vectors that coexist in one Adam step: the weights flat and as tensors, their
 * gradient, two moments, and the updated weights and moments.
 */
const VECTORS = 8;

/**
 * Checks that the CPU backend's memory holds the part of training that cannot be split, before
 * anything is allocated: the weights with all parameter-sized vectors, and one row of a batch.
 *
 * @throws {InputError} If it does not fit.
 */
export function requireTrainingMemory(
  network: Network,
  { model, ema }: Pick<TrainConfig, "model" | "ema">,
): void {
  const { size } = network.layout;
  const vectors = ema === 0 ? VECTORS : VECTORS + 2;
  const bytes = vectors * size * Float32Array.BYTES_PER_ELEMENT;
  // The engine keeps the rows of a fused field in its own memory.
  const isSolvedElsewhere = model === "cnf" && network.fused !== undefined;
  const hasRoom = bytes <= HEAP_BYTES - RESERVED_BYTES &&
    (isSolvedElsewhere || trainingRows(network) >= 1);
  if (hasRoom) return;
  const width = namedNetwork(network.kind)?.options[0];
  const [what, narrower] = width === undefined
    ? [`network ${network.kind}`, "narrower layers"]
    : [option(width, network.sizes?.[width] as number), `a smaller ${option(width)}`];
  throw new InputError(
    `${what}: training takes ${bytesText(bytes)} for ${vectors} vectors of ${size} numbers and ` +
      `more for a row of a batch; backend cpu has ${
        bytesText(HEAP_BYTES)
      } in all: give ${narrower}`,
  );
}
