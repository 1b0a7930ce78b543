import { bytesText } from "../core/bytes_text.ts";
import { InputError } from "../core/errors.ts";
import { activationNumbers, MAX_EVALUATION_BYTES } from "./activation_numbers.ts";
import { descriptionOf, type Network } from "./network.ts";

/** Limit on float32 weight bytes: half of tfjs's memory, which holds the weights twice. */
const MAX_WEIGHT_BYTES = 2 ** 30;
/** Limit on the bytes of an input row. */
const MAX_ROW_BYTES = 2 ** 30;

/** Remedies for messages: what to reduce. */
export interface RoomAdvice {
  /** If there are too many weights. */
  readonly weights: string;
  /** If a row has too many activations. */
  readonly activations: string;
}

/**
 * Checks that a network fits in memory before anything is allocated. The float64 arithmetic is
 * exact for everything that passes.
 *
 * @throws {InputError} If the weights, an input row or its activations exceed their limits.
 */
export function requireRoom(network: Network, advice: RoomAdvice): void {
  const what = descriptionOf(network);
  const rowBytes = 4 * network.rowWidth;
  if (rowBytes > MAX_ROW_BYTES) {
    throw new InputError(
      `${what}: a row of the input takes ${bytesText(rowBytes)}, more than ` +
        `${bytesText(MAX_ROW_BYTES)}; take data of fewer numbers per row`,
    );
  }
  const bytes = 4 * network.layout.size;
  if (bytes > MAX_WEIGHT_BYTES) {
    throw new InputError(
      `${what}: its weights take ${bytesText(bytes)} in float32, more than ` +
        `${bytesText(MAX_WEIGHT_BYTES)}; take ${advice.weights}`,
    );
  }
  const activations = 4 * activationNumbers(network).evaluation;
  if (activations > MAX_EVALUATION_BYTES) {
    throw new InputError(
      `${what}: the layers of one row take ${bytesText(activations)}, more ` +
        `than ${bytesText(MAX_EVALUATION_BYTES)}; take ${advice.activations}`,
    );
  }
}
