import { multiplyAdd } from "../../src/ops/simd/multiply_add.part.as";

/** Register-only loop that defines a core's peak: `rounds` times 12 multiply-adds of 4 numbers. */
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

/** The same with 24 accumulators, which V8 can pair to 12 of 256 bits; `out` has 384 bytes. */
export function widePeak(rounds: i32, factor: f32, out: usize): void {
  const x = f32x4.splat(factor);
  let s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x;
  let s6 = x, s7 = x, s8 = x, s9 = x, s10 = x, s11 = x;
  let s12 = x, s13 = x, s14 = x, s15 = x, s16 = x, s17 = x;
  let s18 = x, s19 = x, s20 = x, s21 = x, s22 = x, s23 = x;
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
    s12 = multiplyAdd(s12, x, x);
    s13 = multiplyAdd(s13, x, x);
    s14 = multiplyAdd(s14, x, x);
    s15 = multiplyAdd(s15, x, x);
    s16 = multiplyAdd(s16, x, x);
    s17 = multiplyAdd(s17, x, x);
    s18 = multiplyAdd(s18, x, x);
    s19 = multiplyAdd(s19, x, x);
    s20 = multiplyAdd(s20, x, x);
    s21 = multiplyAdd(s21, x, x);
    s22 = multiplyAdd(s22, x, x);
    s23 = multiplyAdd(s23, x, x);
  }
  v128.store(out, s0, 0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
  v128.store(out, s4, 64);
  v128.store(out, s5, 80);
  v128.store(out, s6, 96);
  v128.store(out, s7, 112);
  v128.store(out, s8, 128);
  v128.store(out, s9, 144);
  v128.store(out, s10, 160);
  v128.store(out, s11, 176);
  v128.store(out, s12, 192);
  v128.store(out, s13, 208);
  v128.store(out, s14, 224);
  v128.store(out, s15, 240);
  v128.store(out, s16, 256);
  v128.store(out, s17, 272);
  v128.store(out, s18, 288);
  v128.store(out, s19, 304);
  v128.store(out, s20, 320);
  v128.store(out, s21, 336);
  v128.store(out, s22, 352);
  v128.store(out, s23, 368);
}
