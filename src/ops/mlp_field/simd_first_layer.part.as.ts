import { multiplyAdd } from "../simd/multiply_add.part.as";
import { LANE_BYTES, LANES, Net } from "./net.layout.part.as";
import { multiply } from "./simd_planes.part.as";
import { storeEightTanhs, storeFourTanhs, tanhInPlace } from "./simd_tanh.part.as";

/**
 * Dimensions up to which the first layer's product goes into tanh without being stored: with few inputs a
 * tile of `multiply` is mostly loads of biases and stores.
 */
const FEW_DIMS: i32 = 4;

/**
 * h1 = tanh(x W0 + bias) of a tile, with the bits of a product and {@link tanhInPlace}.
 *
 * @param bias From `timeBiases`.
 * @param x Plane [dims].
 */
export function firstLayer(net: Net, bias: usize, x: usize, out: usize): void {
  const dims = net.dims, hidden = net.hidden;
  if (dims > FEW_DIMS) {
    multiply(net.wide, net.w0, dims, hidden, x, bias, out);
    tanhInPlace(out, hidden * LANES, net.tanhConstants);
    return;
  }
  const k = net.tanhConstants, row = <usize>hidden * 4;
  // W0 as it came, [dims, hidden], before its bias.
  let first = net.b0 - <usize>dims * row;
  const endX = x + <usize>dims * LANE_BYTES, end = bias + row;
  for (; bias + 8 < end; bias += 16, first += 16, out += 4 * LANE_BYTES) {
    let a0 = v128.load32_splat(bias), b0 = a0;
    let a1 = v128.load32_splat(bias, 4), b1 = a1;
    let a2 = v128.load32_splat(bias, 8), b2 = a2;
    let a3 = v128.load32_splat(bias, 12), b3 = a3;
    for (let input = x, w = first; input < endX; input += LANE_BYTES, w += row) {
      const x0 = v128.load(input), x1 = v128.load(input, 16);
      let s = v128.load32_splat(w);
      a0 = multiplyAdd(s, x0, a0);
      b0 = multiplyAdd(s, x1, b0);
      s = v128.load32_splat(w, 4);
      a1 = multiplyAdd(s, x0, a1);
      b1 = multiplyAdd(s, x1, b1);
      s = v128.load32_splat(w, 8);
      a2 = multiplyAdd(s, x0, a2);
      b2 = multiplyAdd(s, x1, b2);
      s = v128.load32_splat(w, 12);
      a3 = multiplyAdd(s, x0, a3);
      b3 = multiplyAdd(s, x1, b3);
    }
    storeEightTanhs(out, k, a0, b0, a1, b1, a2, b2, a3, b3);
  }
  if (bias >= end) return;
  let a0 = v128.load32_splat(bias), b0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1;
  for (; x < endX; x += LANE_BYTES, first += row) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    let s = v128.load32_splat(first);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    s = v128.load32_splat(first, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
  }
  storeFourTanhs(out, k, a0, b0, a1, b1);
}
