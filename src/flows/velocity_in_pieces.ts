import * as tf from "../core/tfjs/library.ts";
import { piecesOf } from "../ops/pieces.ts";
import type { Tensor, Tensor2D } from "../core/tensors.ts";
import { applyNetwork } from "../nn/apply.ts";
import type { Network, VelocityInputs } from "../nn/network.ts";
import { evaluationRows } from "./piece_rows.ts";

/**
 * `applyNetwork`, in pieces if the rows do not all fit in memory: control groups may have any
 * size. Rows are independent, so the pieces do not affect their bits.
 *
 * @param at.mostRows Rows per piece; by default derived from the network's sizes.
 * @returns Like x, [n, w].
 */
export function velocityInPieces(
  network: Network,
  tensors: readonly Tensor[],
  x: Tensor2D,
  at: VelocityInputs & { readonly t: Float64Array; readonly mostRows?: number },
): Tensor2D {
  const { t, condition, mostRows = evaluationRows(network) } = at;
  const pieces = piecesOf(t.length, mostRows);
  if (pieces.length === 1) return applyNetwork(network, tensors, x, { t, condition });
  return tf.tidy(() =>
    tf.concat2d(
      pieces.map(({ first, count }) =>
        tf.tidy(() => {
          const rows = (tensor: Tensor) => tf.slice(tensor, first, count);
          return applyNetwork(network, tensors, rows(x) as Tensor2D, {
            t: t.subarray(first, first + count),
            condition: condition && rows(condition),
          });
        })
      ),
      0,
    )
  );
}
