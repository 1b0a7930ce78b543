import type { MlpShape } from "../../../ops/mlp_field/contract.ts";
import type { WorkgroupVariable } from "../../../backends/gpu/programs.ts";
import { packedWeights } from "./packed_weights.ts";
import { each, fieldPrelude, largestDivisor, range } from "./prelude_wgsl.ts";

/** The divergence of the field: none, along the unit vectors, or along a probe per row. */
export type TraceKind = "none" | "exact" | "hutchinson";

/** The shapes that determine the field's shader. */
export interface FieldShape extends MlpShape {
  readonly trace: TraceKind;
  /** Rows per workgroup. */
  readonly tileRows: number;
}

/** Directions of the trace. */
export function directionsOf({ trace, dims }: Pick<FieldShape, "trace" | "dims">): number {
  return trace === "none" ? 0 : trace === "exact" ? dims : 1;
}

/** Columns of the state. */
export function widthOf({ trace, dims }: Pick<FieldShape, "trace" | "dims">): number {
  return trace === "none" ? dims : dims + 1;
}

/** Iterations of the products' loops that are unrolled. */
function unrollOf(quads: number): number {
  return largestDivisor(quads, 4);
}

/** Iterations of all loops of an invocation per evaluation, at most. */
export function fieldIterations(shape: FieldShape): number {
  const { quads } = packedWeights(shape);
  const inner = quads / unrollOf(quads);
  return 2 * inner + Math.ceil(widthOf(shape) / quads) * (1 + inner) + shape.dims;
}

/** The field's own variables in workgroup memory. */
export function fieldVariables(shape: FieldShape): WorkgroupVariable[] {
  const { quads } = packedWeights(shape);
  const { tileRows } = shape;
  const count = tileRows * (quads + 1);
  return [
    {
      name: "planes",
      struct: `array<Planes, ${count}>`,
      bytes: 16 * count * (1 + directionsOf(shape)),
    },
    { name: "shares", type: "f32", count: tileRows * quads },
  ];
}

/**
 * WGSL of the ConditionalMLP's velocity and divergence (ops/mlp_field/contract.ts) for the rows of a
 * workgroup; a thread holds four features of a row, with the tangents of all directions.
 *
 * `field(x, out, t, row, q)` reads the row's position from `state[x + d]` and writes (f, -div f) to `state[out +
 * column]`. Before it a barrier must have made x visible, after it one must make the slope visible.
 * `fieldDirections(row, q, id)` comes first with Hutchinson's estimator.
 *
 * The shader has `weights` (packed_weights.ts), `state`, and with probes `probes` [rows, dims].
 */
export function fieldWgsl(shape: FieldShape): string {
  const { dims, trace } = shape;
  const at = packedWeights(shape), { quads } = at;
  const unroll = unrollOf(quads), width = widthOf(shape);
  const columns = range(1 + directionsOf(shape));
  const tangents = columns.slice(1);
  const planes = (values: readonly string[]) => `Planes(${values.join(", ")})`;
  const isProbed = trace === "hutchinson";
  const image = (k: number) => isProbed ? "probeImage" : `weights[${at.w0 + (k - 1) * quads}u + q]`;
  const share = (k: number) =>
    isProbed ? "probeShare" : `weights[${at.w3t + (k - 1) * quads}u + q]`;
  const product = (base: number) => `
${columns.map((c) => `  a${c} = vec4f(0.0);`).join("\n")}
  for (var k = 0u; k < Q; k += ${unroll}u) {
${
    range(unroll).map((i) => `
    let x${i} = planes[at + k + ${i}u];
    let w${i} = ${base}u + (k + ${i}u) * 4u * Q + q;
${
      ["x", "y", "z", "w"].map((component, j) =>
        `    { let w = weights[w${i} + ${j}u * Q]; ${
          columns.map((c) => `a${c} = fma(vec4f(x${i}.c${c}.${component}), w, a${c});`).join(" ")
        } }`
      ).join("\n")
    }`).join("\n")
  }
  }`;
  const layer = (weight: number, bias: number) => `
  workgroupBarrier();
${product(weight)}
  h = tanh4(a0 + weights[${bias}u + q]);
  s = 1.0 - h * h;
  workgroupBarrier();`;
  return `
const Q = ${quads}u;        // quads of features per row
const ROW = ${quads + 1}u;  // a gap between rows, so that they start in different banks
const D = ${dims}u;
const WIDTH = ${width}u;    // columns of the state

/** The value and the tangents of four features. */
struct Planes { ${columns.map((c) => `c${c}: vec4f`).join(", ")} }
${fieldPrelude(shape)}
${
    isProbed
      ? `
/** The probe times W0 and times W3 transposed. */
var<private> probeImage: vec4f;
var<private> probeShare: vec4f;

fn fieldDirections(q: u32, id: u32) {
  probeImage = vec4f(0.0);
  probeShare = vec4f(0.0);
  for (var d = 0u; d < D; d++) {
    let e = vec4f(probes[id * D + d]);
    probeImage = fma(e, weights[${at.w0}u + d * Q + q], probeImage);
    probeShare = fma(e, weights[${at.w3t}u + d * Q + q], probeShare);
  }
}
`
      : ""
  }
fn field(x: u32, out: u32, t: f32, row: u32, q: u32) {
  let at = row * ROW;
  var h = weights[${at.b0}u + q] + embedding(t, q);
${each(dims, (d) => `  h = fma(vec4f(state[x + ${d}]), weights[${at.w0}u + ${d} * Q + q], h);`)}
  h = tanh4(h);
  var s = 1.0 - h * h;
${columns.map((c) => `  var a${c}: vec4f;`).join("\n")}
  planes[at + q] = ${planes(["h", ...tangents.map((k) => `s * ${image(k)}`)])};
${layer(at.w1, at.b1)}
  planes[at + q] = ${planes(["h", ...tangents.map((k) => `s * a${k}`)])};
${layer(at.w2, at.b2)}
  planes[at + q].c0 = h;
${
    tangents.length === 0
      ? ""
      : `  shares[row * Q + q] = -(${
        tangents.map((k) => `dot(s * a${k}, ${share(k)})`).join(" + ")
      });`
  }
  workgroupBarrier();
  for (var column = q; column < WIDTH; column += Q) {
    var sum = 0.0;
    if (column < D) {
      sum = weights[${at.b3}u + column / 4u][column % 4u];
      for (var k = 0u; k < Q; k += ${unroll}u) {
${
    range(unroll).map((i) =>
      `        sum += dot(planes[at + k + ${i}u].c0, weights[${at.w3t}u + column * Q + k + ${i}u]);`
    ).join("\n")
  }
      }
    } else {
      for (var k = 0u; k < Q; k += ${unroll}u) { sum += ${
    range(unroll).map((i) => `shares[row * Q + k + ${i}u]`).join(" + ")
  }; }
    }
    state[out + column] = sum;
  }
}
`;
}
