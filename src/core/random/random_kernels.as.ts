// Philox words and standard normal numbers, using only operations whose rounding IEEE 754 defines:
// the same bits on every machine. JavaScript engines differ in their logarithm, sine and cosine.

/**
 * Philox 4x32-10: out [4 * blocks] are the words of consecutive blocks.
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3",
 * section 4.3 (multipliers and Weyl increments there).
 *
 * @param blocks A multiple of 4.
 * @param counter0 Lowest word of the first block's counter; the word above it is counter1.
 */
export function philox(
  blocks: i32,
  counter0: u32,
  counter1: u32,
  counter2: u32,
  counter3: u32,
  key0: u32,
  key1: u32,
  out: usize,
): void {
  const four = i64x2.splat(4), m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  const first = i64x2.splat((<u64>counter1 << 32) | counter0);
  let low = i64x2.add(first, i64x2(0, 1)), high = i64x2.add(first, i64x2(2, 3));
  for (const end = out + <usize>blocks * 16; out < end; out += 64) {
    // c_i holds word i of four blocks.
    let c0 = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
    let c1 = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
    let c2 = i32x4.splat(counter2), c3 = i32x4.splat(counter3);
    let k0 = key0, k1 = key1;
    for (let round = 0; round < 10; round++) {
      const a = i64x2.extmul_low_i32x4_u(c0, m0), b = i64x2.extmul_high_i32x4_u(c0, m0);
      const c = i64x2.extmul_low_i32x4_u(c2, m1), d = i64x2.extmul_high_i32x4_u(c2, m1);
      c0 = v128.xor(v128.xor(v128.shuffle<i32>(c, d, 1, 3, 5, 7), c1), i32x4.splat(k0));
      c1 = v128.shuffle<i32>(c, d, 0, 2, 4, 6);
      c2 = v128.xor(v128.xor(v128.shuffle<i32>(a, b, 1, 3, 5, 7), c3), i32x4.splat(k1));
      c3 = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    const a = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5), b = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7), d = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<i64>(a, b, 1, 3), 16);
    v128.store(out, v128.shuffle<i64>(a, b, 0, 2));
    v128.store(out, v128.shuffle<i64>(c, d, 1, 3), 48);
    v128.store(out, v128.shuffle<i64>(c, d, 0, 2), 32);
    low = i64x2.add(low, four), high = i64x2.add(high, four);
  }
}

/**
 * Writes the constants of {@link radii}, 144 bytes. They are loaded from memory because V8
 * rematerialises vector constants at each use, which takes a fifth longer.
 */
export function storeRadiusConstants(at: usize): void {
  store<f64>(at, 0.6931471805592082); // log 2, its first 40 bits
  store<f64>(at, 7.371002565167799e-13, 8);
  store<f64>(at, 6.666666666666735130e-01, 16); // Lg1 to Lg7 of fdlibm
  store<f64>(at, 3.999999999940941908e-01, 24);
  store<f64>(at, 2.857142874366239149e-01, 32);
  store<f64>(at, 2.222219843214978396e-01, 40);
  store<f64>(at, 1.818357216161805012e-01, 48);
  store<f64>(at, 1.531383769920937332e-01, 56);
  store<f64>(at, 1.479819860511658591e-01, 64);
  store<u64>(at, 0x41b0000000000001, 72); // the bits of 2^28 + 2^-24
  store<f64>(at, 268435456, 80);
  store<u64>(at, 0x00095f619980c433, 88); // the bits of 1 minus those of sqrt(1/2)
  store<u64>(at, 0x4330000000000000, 96); // the bits of 2^52
  store<f64>(at, 4503599627370496 + 1023, 104);
  store<f64>(at, 1, 112);
  store<f64>(at, 0.5, 120);
  store<f64>(at, -2, 128);
  store<u64>(at, 0xfff0000000000000, 136); // sign and exponent
}

/**
 * out [pairs] = sqrt(-2 log u), float64, where u = ((w >>> 9) + 1/2) / 2^23 is the uniform number
 * (random.ts) of the first word w of each pair.
 *
 * log u = k log 2 + log(1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), f exact. Source of the
 * polynomial: Sun's fdlibm, e_log.c; log 2 is split in two, and k times the high part is exact.
 * Largest error over all 2^23 inputs, against 64-bit mantissas: 0.79 ulp for the logarithm, 0.95
 * ulp for the root.
 *
 * @param pairs A multiple of 2.
 * @param words [2 * pairs].
 * @param constants Written by {@link storeRadiusConstants}.
 */
export function radii(pairs: i32, words: usize, out: usize, constants: usize): void {
  const log2High = v128.load64_splat(constants), log2Low = v128.load64_splat(constants, 8);
  const l1 = v128.load64_splat(constants, 16), l2 = v128.load64_splat(constants, 24);
  const l3 = v128.load64_splat(constants, 32), l4 = v128.load64_splat(constants, 40);
  const l5 = v128.load64_splat(constants, 48), l6 = v128.load64_splat(constants, 56);
  const l7 = v128.load64_splat(constants, 64);
  const fineBits = v128.load64_splat(constants, 72), fine = v128.load64_splat(constants, 80);
  const toRoot = v128.load64_splat(constants, 88);
  const wholeBits = v128.load64_splat(constants, 96), whole = v128.load64_splat(constants, 104);
  const one = v128.load64_splat(constants, 112), half = v128.load64_splat(constants, 120);
  const minusTwo = v128.load64_splat(constants, 128), upper = v128.load64_splat(constants, 136);
  for (const end = out + <usize>pairs * 8; out < end; out += 16, words += 16) {
    // Integers below 2^24 become numbers as the last bits of 2^28 + u, and of 2^52 + k below.
    const units = i64x2.shr_u(i64x2.shl(v128.load(words), 32), 40);
    const u = f64x2.sub(v128.or(units, fineBits), fine);
    // The bits of u / sqrt(1/2), nearly: their upper 12 are k + 1023, m = u / 2^k.
    const scaled = i64x2.add(u, toRoot);
    const k = f64x2.sub(v128.or(i64x2.shr_u(scaled, 52), wholeBits), whole);
    const exponent = v128.and(scaled, upper);
    const m = i64x2.add(i64x2.sub(u, exponent), one);
    const f = f64x2.sub(m, one), s = f64x2.div(f, f64x2.add(m, one));
    const z = f64x2.mul(s, s);
    let r = f64x2.add(f64x2.mul(l7, z), l6);
    r = f64x2.add(f64x2.mul(r, z), l5);
    r = f64x2.add(f64x2.mul(r, z), l4);
    r = f64x2.add(f64x2.mul(r, z), l3);
    r = f64x2.add(f64x2.mul(r, z), l2);
    r = f64x2.add(f64x2.mul(r, z), l1);
    const square = f64x2.mul(f64x2.mul(f, half), f);
    const rest = f64x2.sub(square, f64x2.mul(s, f64x2.add(square, f64x2.mul(r, z))));
    // k log 2 + f, and the rounding error of that sum.
    const product = f64x2.mul(k, log2High), sum = f64x2.add(product, f);
    const lost = f64x2.add(f64x2.add(f64x2.sub(product, sum), f), f64x2.mul(k, log2Low));
    const log = f64x2.add(sum, f64x2.sub(lost, rest));
    v128.store(out, f64x2.sqrt(f64x2.mul(minusTwo, log)));
  }
}

/** Writes the constants of {@link normals}, 184 bytes. */
export function storeTurnConstants(at: usize): void {
  store<f64>(at, 6.2831853069365025); // 2 pi, its first 32 bits
  store<f64>(at, 2.430840202602477e-10, 8);
  store<f64>(at, -41.34170224039967, 16); // P
  store<f64>(at, 81.60524927596524, 24);
  store<f64>(at, -76.7058597079059, 32);
  store<f64>(at, 42.05868539409169, 40);
  store<f64>(at, -15.093822762351966, 48);
  store<f64>(at, 3.7812242379875336, 56);
  store<f64>(at, 19.734375, 64); // 2 pi^2, its first 11 bits
  store<f64>(at, 0.004833802178717238, 72);
  store<f64>(at, 64.93939402266818, 80); // Q
  store<f64>(at, -85.45681720659631, 88);
  store<f64>(at, 60.244641340941236, 96);
  store<f64>(at, -26.4262519457576, 104);
  store<f64>(at, 7.903136535887557, 112);
  store<f64>(at, -1.697620225684979, 120);
  store<u64>(at, 1, 128);
  store<u64>(at, 1 << 21, 136);
  store<u64>(at, 1 << 22, 144);
  store<u64>(at, (1 << 22) - 1, 152);
  store<u64>(at, 0x41b0000000000000, 160); // the bits of 2^28
  store<f64>(at, 268435456.125, 168);
  store<f64>(at, 1, 176);
}

/**
 * out [2 * pairs] = radius * (cos, sin) of 2 pi u for each pair, float64, where u is the uniform
 * number of the pair's second word, as in {@link radii}.
 *
 * u = q / 4 + r with |r| <= 1/8, all exact, so the angle is not rounded. The sine and cosine of
 * 2 pi r are 2 pi r + r^3 P(r^2) and 1 - 2 pi^2 r^2 + r^4 Q(r^2), with minimax polynomials (Remez)
 * of relative errors 2^-57.9 and 2^-63.9; the leading coefficients are split in two, and r and r^2
 * times the high parts are exact. Largest error against 64-bit mantissas: 0.70 ulp for both over
 * all 2^23 inputs; 2.4 ulp over 2^24 normal numbers that use each radius and each angle twice.
 *
 * @param pairs A multiple of 2.
 * @param words [2 * pairs].
 * @param radii [pairs].
 * @param constants Written by {@link storeTurnConstants}.
 */
export function normals(
  pairs: i32,
  words: usize,
  radii: usize,
  out: usize,
  constants: usize,
): void {
  const turn = v128.load64_splat(constants), turnLow = v128.load64_splat(constants, 8);
  const p1 = v128.load64_splat(constants, 16), p2 = v128.load64_splat(constants, 24);
  const p3 = v128.load64_splat(constants, 32), p4 = v128.load64_splat(constants, 40);
  const p5 = v128.load64_splat(constants, 48), p6 = v128.load64_splat(constants, 56);
  const bend = v128.load64_splat(constants, 64), bendLow = v128.load64_splat(constants, 72);
  const q1 = v128.load64_splat(constants, 80), q2 = v128.load64_splat(constants, 88);
  const q3 = v128.load64_splat(constants, 96), q4 = v128.load64_splat(constants, 104);
  const q5 = v128.load64_splat(constants, 112), q6 = v128.load64_splat(constants, 120);
  const unit = v128.load64_splat(constants, 128), eighth = v128.load64_splat(constants, 136);
  const quarter = v128.load64_splat(constants, 144), below = v128.load64_splat(constants, 152);
  const fineBits = v128.load64_splat(constants, 160), fine = v128.load64_splat(constants, 168);
  const one = v128.load64_splat(constants, 176), sign = i64x2.splat(i64.MIN_VALUE);
  for (const end = out + <usize>pairs * 16; out < end; out += 32, words += 16, radii += 16) {
    // u + 1/8 in units of 2^-24: bits 22 and 23 are q, the lower bits r + 1/8.
    const turned = i64x2.add(v128.or(i64x2.shr_u(v128.load(words), 40), unit), eighth);
    const r = f64x2.sub(v128.or(v128.and(turned, below), fineBits), fine);
    const z = f64x2.mul(r, r);
    let p = f64x2.add(f64x2.mul(p6, z), p5);
    p = f64x2.add(f64x2.mul(p, z), p4);
    p = f64x2.add(f64x2.mul(p, z), p3);
    p = f64x2.add(f64x2.mul(p, z), p2);
    p = f64x2.add(f64x2.mul(p, z), p1);
    p = f64x2.add(f64x2.mul(p, z), turnLow);
    const sin = f64x2.add(f64x2.mul(r, turn), f64x2.mul(r, p));
    let q = f64x2.add(f64x2.mul(q6, z), q5);
    q = f64x2.add(f64x2.mul(q, z), q4);
    q = f64x2.add(f64x2.mul(q, z), q3);
    q = f64x2.add(f64x2.mul(q, z), q2);
    q = f64x2.add(f64x2.mul(q, z), q1);
    q = f64x2.sub(f64x2.mul(q, z), bendLow);
    // 1 minus an exact product, and the rounding error of that difference.
    const product = f64x2.mul(z, bend), near = f64x2.sub(one, product);
    const lost = f64x2.sub(f64x2.sub(one, near), product);
    const cos = f64x2.add(near, f64x2.add(lost, f64x2.mul(z, q)));
    // Odd quadrants swap cosine and sine; each is negative in two of the four.
    const swap = v128.and(v128.xor(sin, cos), i64x2.eq(v128.and(turned, quarter), quarter));
    const xSign = v128.and(i64x2.shl(i64x2.add(turned, quarter), 40), sign);
    const ySign = v128.and(i64x2.shl(turned, 40), sign);
    const radius = v128.load(radii);
    const x = f64x2.mul(radius, v128.xor(v128.xor(cos, swap), xSign));
    const y = f64x2.mul(radius, v128.xor(v128.xor(sin, swap), ySign));
    v128.store(out, v128.shuffle<f64>(x, y, 1, 3), 16);
    v128.store(out, v128.shuffle<f64>(x, y, 0, 2));
  }
}

/**
 * out [count] = x [count], float64, as float32.
 *
 * @param count A multiple of 4.
 */
export function toFloat32(count: i32, x: usize, out: usize): void {
  for (const end = out + <usize>count * 4; out < end; out += 16, x += 32) {
    const low = f32x4.demote_f64x2_zero(v128.load(x));
    const high = f32x4.demote_f64x2_zero(v128.load(x, 16));
    v128.store(out, v128.shuffle<i64>(low, high, 0, 2));
  }
}
