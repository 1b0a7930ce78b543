/**
 * Philox 4x32-10 in WGSL, the generator behind all of Fluxion's random numbers (core/random): the same words
 * from the same counter and key.
 *
 * `philox(counter, key)` is a block of four words; `philoxBlock(first, i)` the counter of the block `i` after
 * `first`, of which words 0 and 1 count; `wordOf(i, first, key)` word `i` from block `first`.
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 4.3.
 */
export const PHILOX_WGSL = `
/** The upper word of a product, from halves: WGSL has no 64-bit integers. */
fn upperProduct(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u;
  let bl = b & 0xffffu; let bh = b >> 16u;
  let middle = ah * bl + ((al * bl) >> 16u);
  let other = al * bh + (middle & 0xffffu);
  return ah * bh + (middle >> 16u) + (other >> 16u);
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    c = vec4u(
      upperProduct(c.z, 0xcd9e8d57u) ^ c.y ^ k.x,
      c.z * 0xcd9e8d57u,
      upperProduct(c.x, 0xd2511f53u) ^ c.w ^ k.y,
      c.x * 0xd2511f53u,
    );
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

fn philoxBlock(first: vec4u, i: u32) -> vec4u {
  let low = first.x + i;
  return vec4u(low, first.y + select(0u, 1u, low < i), first.zw);
}

fn wordOf(i: u32, first: vec4u, key: vec2u) -> u32 {
  return philox(philoxBlock(first, i / 4u), key)[i % 4u];
}
`;

/**
 * WGSL of the numbers that `fillUniform`, `fillSigns` and `fillNormal` (core/random/random.ts) make of words:
 * `uniformOf(word)` and `signsOf(words)` have their bits, `normalsOf(words)` is within 2e-6 of them.
 *
 * WGSL's own logarithm may err by 2^-21 near one, its sine and cosine by 2^-11. Here the uniform number and
 * its quarter turns are exact integers. The logarithm's polynomial is that of FreeBSD's logf; those of sine and
 * cosine are Taylor's, whose next terms at an eighth of a turn are below 2^-28.
 */
export const RANDOM_NUMBERS_WGSL = `
fn uniformOf(word: u32) -> f32 { return (f32(word >> 9u) + 0.5) * exp2(-23.0); }

fn signsOf(words: vec4u) -> vec4f { return select(vec4f(1.0), vec4f(-1.0), words > vec4u(0x7fffffffu)); }

/** sqrt(-2 log u), u the uniform number of a word. */
fn radiusOf(word: u32) -> f32 {
  // u = n / 2^24 = m 2^k with m from sqrt(1/2) to sqrt(2).
  let n = bitcast<u32>(f32(2u * (word >> 9u) + 1u)) + 0x004afb0du;
  let k = f32(i32(n >> 23u) - 151);
  let f = bitcast<f32>((n & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  let s = f / (2.0 + f);
  let z = s * s;
  let w = z * z;
  let r = fma(z, fma(w, 0.28498786688, 0.66666662693), w * fma(w, 0.24279078841, 0.40000972152));
  let half = 0.5 * f * f;
  let rest = fma(k, 9.0580006145e-6, s * (half + r));
  // The high part of log 2 has few bits, so its product with k is exact.
  return sqrt(-2.0 * fma(k, 0.69313812256, f - (half - rest)));
}

/** Cosine and sine of 2 pi u, u the uniform number of a word. */
fn turnOf(word: u32) -> vec2f {
  let turned = 2u * (word >> 9u) + 0x200001u;
  let quarter = (turned >> 22u) & 3u;
  // Twice the rest of the turn, from -1/4 to 1/4.
  let x = (f32(turned & 0x3fffffu) - 2097152.0) * exp2(-23.0);
  let z = x * x;
  let s = x * fma(z, fma(z, fma(z, fma(z, 0.08214588661, -0.59926452932), 2.55016403988), -5.16771278005), 3.14159265359);
  let c = fma(z, fma(z, fma(z, fma(z, fma(z, -0.02580689139, 0.23533063036), -1.33526276885), 4.05871212642), -4.93480220054), 1.0);
  let turn = select(vec2f(c, s), vec2f(-s, c), (quarter & 1u) == 1u);
  return select(turn, -turn, quarter > 1u);
}

fn normalsOf(words: vec4u) -> vec4f {
  return vec4f(radiusOf(words.x) * turnOf(words.y), radiusOf(words.z) * turnOf(words.w));
}
`;
