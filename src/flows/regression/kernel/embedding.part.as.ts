import { LANE_BYTES, LANES, Net } from "../../../ops/mlp_field/net.layout.part.as";
import { nextCosine, nextSine } from "../../../ops/simd/turns.part.as";

/**
 * The time embedding of a ConditionalMLP for rows that have times of their own:
 *   sin((k + 1) pi t), cos((k + 1) pi t), k = 0 ... hidden / 2 - 1
 * by the angle addition theorem in float64, as in time_embedding.ts. The sine and cosine of the first
 * angle are power series: calls of JavaScript's took a tenth of a training step.
 */

/**
 * Adds the embedding of up to eight rows to a plane [hidden].
 *
 * @param times float32 [rows], in [0, 1]; lanes without a row get time 0.
 * @param spare Scratch of 128 bytes.
 */
export function addEmbedding(net: Net, times: usize, rows: i32, spare: usize, plane: usize): void {
  const half = net.hidden >> 1;
  const far = <usize>half * LANE_BYTES;
  writeFirstAngles(times, rows, spare);
  const sinA = v128.load(spare), cosA = v128.load(spare, 16);
  const sinB = v128.load(spare, 32), cosB = v128.load(spare, 48);
  const sinC = v128.load(spare, 64), cosC = v128.load(spare, 80);
  const sinD = v128.load(spare, 96), cosD = v128.load(spare, 112);
  let sa = sinA, ca = cosA, sb = sinB, cb = cosB, sc = sinC, cc = cosC, sd = sinD, cd = cosD;
  for (const end = plane + far; plane < end; plane += LANE_BYTES) {
    v128.store(plane, f32x4.add(v128.load(plane, 16), joined(sc, sd)), 16);
    v128.store(plane, f32x4.add(v128.load(plane), joined(sa, sb)));
    const cosines = plane + far;
    v128.store(cosines, f32x4.add(v128.load(cosines, 16), joined(cc, cd)), 16);
    v128.store(cosines, f32x4.add(v128.load(cosines), joined(ca, cb)));
    let next = nextSine(sa, ca, sinA, cosA);
    ca = nextCosine(sa, ca, sinA, cosA);
    sa = next;
    next = nextSine(sb, cb, sinB, cosB);
    cb = nextCosine(sb, cb, sinB, cosB);
    sb = next;
    next = nextSine(sc, cc, sinC, cosC);
    cc = nextCosine(sc, cc, sinC, cosC);
    sc = next;
    next = nextSine(sd, cd, sinD, cosD);
    cd = nextCosine(sd, cd, sinD, cosD);
    sd = next;
  }
}

/** Four float64 numbers as float32. */
// @ts-ignore: decorator
@inline
function joined(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2);
}

/** Writes sin(pi t) and cos(pi t) of each two rows, float64 [4, 2, 2]. */
function writeFirstAngles(times: usize, rows: i32, out: usize): void {
  for (let row = 0; row < LANES; row += 2, out += 32, times += 8) {
    const t = f64x2(
      row < rows ? <f64>load<f32>(times) : 0,
      row + 1 < rows ? <f64>load<f32>(times, 4) : 0,
    );
    // t = turn + u with |u| <= 1/2, both exact; half a turn changes both signs.
    const turn = f64x2.nearest(t), u = f64x2.sub(t, turn), z = f64x2.mul(u, u);
    const sign = f64x2.sub(f64x2.splat(1), f64x2.add(turn, turn));
    v128.store(out, f64x2.mul(sign, cosineSeries(z)), 16);
    v128.store(out, f64x2.mul(f64x2.mul(sign, u), sineSeries(z)));
  }
}

/** sin(pi u) / u by powers of z = u^2 up to 1/4: Taylor's coefficients, to an error below 2^-53. */
function sineSeries(z: v128): v128 {
  let s = f64x2.splat(5.392664662608125e-10);
  s = term(s, z, -2.2948428997269856e-08);
  s = term(s, z, 7.952054001475508e-07);
  s = term(s, z, -2.1915353447830204e-05);
  s = term(s, z, 0.00046630280576761234);
  s = term(s, z, -0.007370430945714348);
  s = term(s, z, 0.08214588661112819);
  s = term(s, z, -0.5992645293207919);
  s = term(s, z, 2.550164039877345);
  s = term(s, z, -5.167712780049969);
  s = term(s, z, 3.141592653589793);
  return s;
}

/** cos(pi u), like {@link sineSeries}. */
function cosineSeries(z: v128): v128 {
  let c = f64x2.splat(-7.700707130601346e-11);
  c = term(c, z, 3.6047307974624982e-09);
  c = term(c, z, -1.387895246221376e-07);
  c = term(c, z, 4.303069587032944e-06);
  c = term(c, z, -0.00010463810492484565);
  c = term(c, z, 0.001929574309403922);
  c = term(c, z, -0.02580689139001405);
  c = term(c, z, 0.23533063035889312);
  c = term(c, z, -1.3352627688545893);
  c = term(c, z, 4.058712126416768);
  c = term(c, z, -4.934802200544679);
  c = term(c, z, 1.0);
  return c;
}

// @ts-ignore: decorator
@inline
function term(sum: v128, z: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(sum, z), f64x2.splat(coefficient));
}
