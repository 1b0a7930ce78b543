import * as tf from "@tensorflow/tfjs";
import { piecesOf } from "../ops/pieces.ts";
import type { Tensor, Tensor2D } from "../core/tensors.ts";
import { applyNetwork } from "../nn/apply.ts";
import type { Network } from "../nn/network.ts";
import { evaluationRows } from "./piece_rows.ts";

/**
 * `applyNetwork`, some rows after others where there are more than fit: a control group may have
 * any number. Rows do not depend on each other, and their bits not on the pieces.
 *
 * @param t [n].
 * @param mostRows Of a piece; left out: as the network's sizes say.
 * @returns Like x, [n, w].
 */
export function velocityInPieces(
  network: Network,
  tensors: readonly Tensor[],
  x: Tensor2D,
  t: Float64Array,
  mostRows: number = evaluationRows(network),
): Tensor2D {
  const pieces = piecesOf(t.length, mostRows);
  if (pieces.length === 1) return applyNetwork(network, tensors, x, t);
  return tf.tidy(() =>
    tf.concat2d(
      pieces.map(({ first, count }) =>
        tf.tidy(() => {
          const rows = tf.slice2d(x, [first, 0], [count, -1]);
          return applyNetwork(network, tensors, rows, t.subarray(first, first + count));
        })
      ),
      0,
    )
  );
}
