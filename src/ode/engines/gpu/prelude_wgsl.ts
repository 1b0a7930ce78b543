import { lines } from "../../../ops/wgsl/lines.ts";
import type { MlpShape } from "../../../ops/mlp_field/contract.ts";
import { SINPI_WGSL } from "../../../ops/time_embedding/time_embedding_wgsl.ts";

/** The largest divisor of `count` that is at most `most`. */
export function largestDivisor(count: number, most: number): number {
  let divisor = Math.max(1, Math.floor(Math.min(count, most)));
  while (count % divisor !== 0) divisor--;
  return divisor;
}

/**
 * WGSL of `body` for every index below `count`: unrolled if they are few, since naga counts iterations, which keeps
 * compilers from unrolling.
 */
export function each(count: number, body: (index: string) => string): string {
  if (count <= 4) return lines(count, (i) => body(`${i}u`));
  return `  for (var d = 0u; d < ${count}u; d++) {\n${body("d")}\n  }`;
}

/**
 * Functions of the field in WGSL: `tanh4`, and `embedding(t, q)`, features 4q to 4q + 3 of the time embedding
 * (ops/mlp_field/time_embedding.ts).
 */
export function fieldPrelude({ hidden }: Pick<MlpShape, "hidden">): string {
  return `
fn tanh4(x: vec4f) -> vec4f { let e = exp(-2.0 * abs(x)); return sign(x) * (1.0 - e) / (1.0 + e); }

/** The derivative of tanh by its value. Products and sums are fused by us, or a compiler may do it in one place alone. */
fn slopeOf(h: vec4f) -> vec4f { return fma(-h, h, vec4f(1.0)); }

/** The sum and the dot product of vectors, in this order. */
fn addDot(sum: f32, a: vec4f, b: vec4f) -> f32 { return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum)))); }

${SINPI_WGSL}
fn embedding(t: f32, q: u32) -> vec4f {
  let o = vec4f(f32(4u * q) + 1.0) + vec4f(0.0, 1.0, 2.0, 3.0);
  let isCos = o > vec4f(${hidden / 2}.0);
  return sinpi(select(o, o - ${hidden / 2}.0, isCos), t, select(vec4f(0.0), vec4f(0.5), isCos));
}
`;
}

/** WGSL `isFinite(x)`, by the bits: compilers may assume that there is no NaN. */
export const IS_FINITE_WGSL =
  "fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }";
