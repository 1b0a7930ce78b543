import { InputError } from "../../core/errors.ts";
import { solveAssignment } from "../../transport/assignment.ts";
import { squaredDistances } from "../../transport/squared_distances.ts";
import type { Coupling } from "./coupling.ts";

/** The cost matrix for this many rows takes 512 MiB. */
const MAX_ROWS = 8192;

/**
 * Minibatch optimal transport: the pairing of the batch's draws and data with the least sum of
 * squared distances. Each row is in exactly one pair, so the marginals are preserved.
 *
 * Memory is O(n^2); in two dimensions a batch of 256 takes about 2 ms. Throws a RangeError if a
 * distance is not finite.
 *
 * Sources: Pooladian et al. 2023, Multisample Flow Matching, section 3.2; Tong et al. 2024,
 * Improving and Generalizing Flow-Based Generative Models with Minibatch Optimal Transport,
 * algorithm 3.
 */
export const minibatchTransport: Coupling = {
  name: "minibatch-transport",
  pair({ count, width, x0, x1 }) {
    if (count > MAX_ROWS) {
      throw new InputError(
        `minibatch-transport: couples at most ${MAX_ROWS} rows, the batch has ${count}; ` +
          "take a smaller batchSize",
      );
    }
    // Rows of the cost matrix are data, so pairs keep the data's order.
    const costs = squaredDistances(x1, x0, width);
    const { columnOfRow } = solveAssignment(costs, count);
    return { x0: columnOfRow, x1: Uint32Array.from({ length: count }, (_, i) => i) };
  },
};
