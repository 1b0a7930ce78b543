import { bytesText } from "../core/bytes_text.ts";
import { InputError } from "../core/errors.ts";
import { activationNumbers, MOST_EVALUATION_BYTES } from "./activation_numbers.ts";
import { type Network, networkRecord } from "./network.ts";

/** Bytes of a network's weights in float32 at most: half of tfjs's memory, which holds them twice. */
const MOST_WEIGHT_BYTES = 2 ** 30;
/** Bytes per row of the input at most. */
const MOST_ROW_BYTES = 2 ** 30;

/** What to take less of. */
export interface RoomAdvice {
  /** Where the weights are too many. */
  readonly weights: string;
  /** Where a row's activations are too many. */
  readonly activations: string;
}

/**
 * Checks that a memory can hold a network, before anything is allocated. In float64, which is
 * exact as far as anything is accepted.
 *
 * @throws {InputError} If the weights, a row of the input or its activations are more than a
 *   memory holds.
 */
export function requireRoom(network: Network, advice: RoomAdvice): void {
  const words = () => JSON.stringify(networkRecord(network));
  const rowBytes = 4 * network.rowWidth;
  if (rowBytes > MOST_ROW_BYTES) {
    throw new InputError(
      `${words()}: a row of the input takes ${rowBytes} bytes, more than ` +
        `${MOST_ROW_BYTES}; take data of fewer numbers per row`,
    );
  }
  const bytes = 4 * network.layout.size;
  if (bytes > MOST_WEIGHT_BYTES) {
    throw new InputError(
      `${words()}: its weights take ${bytes} bytes in float32, more than ` +
        `${MOST_WEIGHT_BYTES}; take ${advice.weights}`,
    );
  }
  const activations = 4 * activationNumbers(network).evaluation;
  if (activations > MOST_EVALUATION_BYTES) {
    throw new InputError(
      `${words()}: the layers of one row take ${bytesText(activations)}, more ` +
        `than ${bytesText(MOST_EVALUATION_BYTES)}; take ${advice.activations}`,
    );
  }
}
