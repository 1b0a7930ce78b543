import { multiplyAdd } from "../../src/runtime/simd/multiply_add.part.as";

/** The register-only loop by which kernels are measured: `rounds` times 12 multiply-adds of 4 numbers. */
export function peak(rounds: i32, factor: f32): f32 {
  const x = f32x4.splat(factor);
  let s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x;
  let s6 = x, s7 = x, s8 = x, s9 = x, s10 = x, s11 = x;
  for (let i = 0; i < rounds; i++) {
    s0 = multiplyAdd(s0, x, x);
    s1 = multiplyAdd(s1, x, x);
    s2 = multiplyAdd(s2, x, x);
    s3 = multiplyAdd(s3, x, x);
    s4 = multiplyAdd(s4, x, x);
    s5 = multiplyAdd(s5, x, x);
    s6 = multiplyAdd(s6, x, x);
    s7 = multiplyAdd(s7, x, x);
    s8 = multiplyAdd(s8, x, x);
    s9 = multiplyAdd(s9, x, x);
    s10 = multiplyAdd(s10, x, x);
    s11 = multiplyAdd(s11, x, x);
  }
  s0 = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(s4, s5));
  s6 = f32x4.add(f32x4.add(f32x4.add(s6, s7), f32x4.add(s8, s9)), f32x4.add(s10, s11));
  return f32x4.extract_lane(f32x4.add(s0, s6), 0);
}
