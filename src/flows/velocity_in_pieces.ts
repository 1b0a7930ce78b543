import * as tf from "../core/tfjs/library.ts";
import { type Piece, piecesOf } from "../ops/pieces.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../core/tensors.ts";
import { applyAtDeviceTimes, applyNetwork } from "../nn/apply.ts";
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
  return joined(pieces, ({ first, count }) => {
    const rows = (tensor: Tensor) => tf.slice(tensor, first, count);
    return applyNetwork(network, tensors, rows(x) as Tensor2D, {
      t: t.subarray(first, first + count),
      condition: condition && rows(condition),
    });
  });
}

/** The same at times [n] that only the device knows, for networks with `applyAtDeviceTimes`. */
export function velocityInPiecesAtDeviceTimes(
  network: Network,
  tensors: readonly Tensor[],
  { x, t }: { readonly x: Tensor2D; readonly t: Tensor1D },
): Tensor2D {
  const pieces = piecesOf(x.shape[0], evaluationRows(network));
  if (pieces.length === 1) return applyAtDeviceTimes(network, tensors, { x, t });
  return joined(pieces, ({ first, count }) =>
    applyAtDeviceTimes(network, tensors, {
      x: tf.slice2d(x, [first, 0], [count, -1]),
      t: tf.slice(t, first, count),
    }));
}

/** Velocities of all pieces, each with its tensors disposed before the next. */
function joined(pieces: readonly Piece[], velocity: (piece: Piece) => Tensor2D): Tensor2D {
  return tf.tidy(() => tf.concat2d(pieces.map((piece) => tf.tidy(() => velocity(piece))), 0));
}
