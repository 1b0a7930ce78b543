import { workgroupVariables } from "../../../../backends/gpu/mod.ts";
import type { MlpShape } from "../../../../ops/mlp_field/contract.ts";
import { directionsOf, type TraceKind, widthOf } from "../field_wgsl.ts";
import { packedWeights } from "../packed_weights.ts";
import { fieldPrelude, range } from "../prelude_wgsl.ts";
import { type PullBackPlan, pullBackVariables } from "./plan.ts";

import { recordPlaces } from "../records.ts";

/**
 * The pull-back's shader: the exact gradient of recorded steps, last to first, with the step sizes
 * held fixed (formulas: solver/replay.ts; the field's VJP: ops/mlp_field/float64.ts).
 *
 * A workgroup replays tiles of rows one after the other, a thread holding four features of a row. A
 * dispatch replays a bounded number of steps and writes down where it stopped, so equal dispatches
 * follow each other without the host. Weight gradients are added to the workgroup's partial sum, every
 * number by one thread in a fixed order; cotangents are exchanged in workgroup memory.
 *
 * Per stage, with columns (h, T_k): the value and the tangent along each direction of the trace,
 *
 *   forward     a1 = (h1, s1 u_k),  a2 = (h2, s2 (T1_k W1)),  v3_k = T2_k W2
 *   backward    b3 = (total3, ofV3_k) -> dW2 += a2^T b3, b2 = b3 W2^T -> dW1 += a1^T b2, ...
 *
 * The sums over rows of W0, W3 and the biases are read from workgroup memory too: kept in registers
 * over all stages they spill.
 */
export function pullBackShader(
  shape: MlpShape & { readonly trace: TraceKind },
  plan: Pick<
    PullBackPlan,
    "quads" | "tileRows" | "threads" | "stageRoom" | "unroll"
  >,
): string {
  const { dims, trace } = shape;
  const { quads, tileRows, threads } = plan;
  const directions = directionsOf(shape), width = widthOf(shape);
  const at = packedWeights(shape);
  const columns = range(1 + directions);
  const tangents = range(directions).map((k) => k + 1);
  const narrow = tileRows * dims;
  const planes = (values: readonly string[]) => `Planes(${values.join(", ")})`;
  /** The direction's image under the first layer, and the output layer's cotangent of it. */
  const u = (k: number) => directionTimes(at.w0, k);
  const w = (k: number) => directionTimes(at.w3t, k);
  const directionTimes = (base: number, k: number) =>
    trace === "exact" ? `weights[${base + (k - 1) * quads}u + q]` : `probeTimes(${base}u + q, id)`;
  /** Sum over directions of products of vectors, or zero. */
  const sumOver = (term: (k: number) => string) =>
    tangents.length === 0 ? "vec4f(0.0)" : tangents.map(term).join(" + ");
  const places = recordPlaces({
    dims,
    slopes: "job.stages",
    groups: "job.groups",
    groupRows: "job.groupRows",
    steps: "job.chunkSteps",
  });
  return `
const Q = ${quads}u;        // quads per row
const ROW = ${quads + 1}u;  // a gap between rows, so that they start in different banks
const B = ${tileRows * (quads + 1)}u;  // the second array of planes
const D = ${dims}u;
const SQUARE = ${4 * quads * quads}u;          // vectors of a hidden layer's weights
const LAYER = ${4 * quads * quads + quads}u;   // and of its bias
const OF_F = ${narrow}u;    // cotangents of f follow x

struct Planes { ${columns.map((c) => `c${c}: vec4f`).join(", ")} }
struct Job {
  rows: u32, groupRows: u32, tilesPerGroup: u32, tiles: u32,
  partialSums: u32, rounds: u32, roundsBefore: u32, steps: u32,
  groups: u32, chunkSteps: u32, stages: u32, isFirst: u32,
  three: u32,
  tableau: array<f32>,  // c [stages], b [stages], a [stages][stages]
}
struct Progress {
  cutShort: atomic<u32>, unused: u32,
  done: array<vec2u>,  // per workgroup: tiles, over all chunks and pull-backs, and steps of the next one
}

@group(0) @binding(0) var<storage, read> job: Job;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> chunk: array<f32>;
// [rows, width] each.
@group(0) @binding(3) var<storage, read> ofY1: array<f32>;
@group(0) @binding(4) var<storage, read_write> ofY0: array<f32>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> progress: Progress;
${trace === "hutchinson" ? "@group(0) @binding(7) var<storage, read> probes: array<f32>;" : ""}

${workgroupVariables(pullBackVariables(shape, plan)).code}

${fieldPrelude(shape)}
${
    trace === "hutchinson"
      ? `
/** The row's probe times rows of weights. */
fn probeTimes(base: u32, id: u32) -> vec4f {
  var sum = vec4f(0.0);
${
        each("d", dims, (d) =>
          `  sum = fma(vec4f(probes[id * D + ${d}]), weights[base + ${d} * Q], sum);`)
      }
  return sum;
}
`
      : ""
  }
/** Row \`at\` of planes times the square matrix at \`base\`, its column q. */
fn product(at: u32, base: u32) -> Planes {
${columns.map((c) => `  var s${c} = vec4f(0.0);`).join("\n")}
  for (var k = 0u; k < Q; k += ${plan.unroll}u) {
${
    range(plan.unroll).map((i) => `
    let x${i} = planes[at + k + ${i}u];
    let w${i} = base + (k + ${i}u) * 4u * Q;
${
      ["x", "y", "z", "w"].map((component, j) =>
        `    { let w = weights[w${i} + ${j}u * Q]; ${
          columns.map((c) => `s${c} = fma(vec4f(x${i}.c${c}.${component}), w, s${c});`).join(" ")
        } }`
      ).join("\n")
    }`).join("\n")
  }
  }
  return ${planes(columns.map((c) => `s${c}`))};
}

${outerProduct(plan, directions)}

/** Adds the sum over rows of the values in B. */
fn addBias(row: u32, q: u32, into: u32) {
  if (row != 0u) { return; }
  var sum = sums[into + q];
  for (var r = 0u; r < ${tileRows}u; r++) { sum += planes[B + r * ROW + q].c0; }
  sums[into + q] = sum;
}

/**
 * Adds (narrow)^T values + (directions)^T tangents in B, over rows, to [dims][quads]; the dimensions are
 * shared out to the rows of threads.
 */
fn addNarrow(row: u32, q: u32, first: u32, narrowFrom: u32, into: u32) {
  for (var d = row; d < D; d += ${tileRows}u) {
    var sum = sums[into + d * Q + q];
    for (var r = 0u; r < ${tileRows}u; r++) {
      let b = planes[B + r * ROW + q];
      sum = fma(vec4f(narrow[narrowFrom + r * D + d]), b.c0, sum);
${
    trace === "exact"
      // The unit vector of this dimension.
      ? tangents.map((k) => `      sum += select(vec4f(0.0), b.c${k}, d == ${k - 1}u);`).join("\n")
      : trace === "hutchinson"
      ? "      sum = fma(vec4f(probes[min(first + r, job.rows - 1u) * D + d]), b.c1, sum);"
      : ""
  }
    }
    sums[into + d * Q + q] = sum;
  }
}

/** Adds the cotangents of f, over rows, to the last bias. */
fn addOutputBias(lid: u32, into: u32) {
  for (var i = lid; i < ${Math.ceil(dims / 4)}u; i += ${threads}u) {
    var sum = sums[into + i];
    for (var r = 0u; r < ${tileRows}u; r++) {
      sum += vec4f(${
    range(4).map((j) =>
      `select(0.0, narrow[OF_F + r * D + min(4u * i + ${j}u, D - 1u)], 4u * i + ${j}u < D)`
    ).join(", ")
  });
    }
    sums[into + i] = sum;
  }
}

/** The VJP of one step: reads and writes the row's cotangent; \`record\` is the row's. */
fn pullBackStep(lid: u32, row: u32, q: u32, first: u32, id: u32, isRow: bool, record: u32, slot: u32) {
  let t0 = chunk[${places.t("record")}]; let h = chunk[${places.h("record")}];
  let at = row * ROW + q;
  for (var back = 0u; back < job.stages; back++) {
    let stage = job.stages - 1u - back;
    let b = job.tableau[job.stages + stage];
    let weightsOf = 2u * job.stages + stage * job.stages;
    for (var d = q; d < D; d += Q) {
      var sum = 0.0;
      for (var j = 0u; j < stage; j++) { sum = fma(job.tableau[weightsOf + j], ${`chunk[${
    places.slope("record", "j", "d")
  }]`}, sum); }
      narrow[row * D + d] = fma(h, sum, chunk[${places.state("record", "d")}]);
      var ofF = select(0.0, b * ofY0[id * ${width}u + d], isRow);
      for (var later = stage + 1u; later < job.stages; later++) {
        ofF = fma(job.tableau[2u * job.stages + later * job.stages + stage], pulled[(later * ${tileRows}u + row) * D + d], ofF);
      }
      narrow[OF_F + row * D + d] = h * ofF;
    }
    workgroupBarrier();
    ${
    trace === "none" ? "" : `// logp has the slope -div and no influence on the field.
    let ofDiv = select(0.0, -h * b * ofY1[id * ${width}u + D], isRow);`
  }

    // Forward.
    var sum = weights[${at.b0}u + q] + embedding(fma(job.tableau[stage], h, t0), q);
${
    each("d", dims, (d) =>
      `    sum = fma(vec4f(narrow[row * D + ${d}]), weights[${at.w0}u + ${d} * Q + q], sum);`)
  }
    let h1 = tanh4(sum);
    let s1 = 1.0 - h1 * h1;
    planes[at] = ${planes(["h1", ...tangents.map((k) => `s1 * ${u(k)}`)])};
    var v2: Planes; var v3: Planes; var h2: vec4f; var h3: vec4f;
    for (var layer = 0u; layer < 2u; layer++) {
      workgroupBarrier();
      let v = product(row * ROW, ${at.w1}u + layer * LAYER + q);
      let h = tanh4(v.c0 + weights[${at.b1}u + layer * LAYER + q]);
      workgroupBarrier();
      if (layer == 0u) {
        let s = 1.0 - h * h;
        planes[at] = ${planes(["h", ...tangents.map((k) => `s * v.c${k}`)])};
        v2 = v; h2 = h;
      } else { v3 = v; h3 = h; }
    }
    let s2 = 1.0 - h2 * h2;
    let s3 = 1.0 - h3 * h3;

    // The output layer.
    planes[B + at] = ${planes(["h3", ...tangents.map((k) => `ofDiv * s3 * v3.c${k}`)])};
    workgroupBarrier();
    addNarrow(row, q, first, OF_F, slot + ${at.w3t}u);
    addOutputBias(lid, slot + ${at.b3}u);
    var ofH3 = vec4f(0.0);
${
    each("d", dims, (d) =>
      `    ofH3 = fma(vec4f(narrow[OF_F + row * D + ${d}]), weights[${at.w3t}u + ${d} * Q + q], ofH3);`)
  }
${tangents.map((k) => `    let ofT3_${k} = ofDiv * ${w(k)};`).join("\n")}
    workgroupBarrier();
    planes[B + at] = ${
    planes([
      `s3 * (ofH3 - 2.0 * h3 * (${sumOver((k) => `v3.c${k} * ofT3_${k}`)}))`,
      ...tangents.map((k) => `s3 * ofT3_${k}`),
    ])
  };
    workgroupBarrier();

    // The hidden layers.
    for (var layer = 1u; layer < 2u; layer--) {
      addOuter(lid, slot + ${at.w1}u + layer * LAYER);
      addBias(row, q, slot + ${at.b1}u + layer * LAYER);
      let pulledOf = product(B + row * ROW, ${at.w1t}u + layer * SQUARE + q);
      workgroupBarrier();
      if (layer == 1u) {
        planes[at] = ${planes(["h1", ...tangents.map((k) => `s1 * ${u(k)}`)])};
        planes[B + at] = ${
    planes([
      `s2 * (pulledOf.c0 - 2.0 * h2 * (${sumOver((k) => `v2.c${k} * pulledOf.c${k}`)}))`,
      ...tangents.map((k) => `s2 * pulledOf.c${k}`),
    ])
  };
      } else {
        planes[B + at] = ${
    planes([
      `s1 * (pulledOf.c0 - 2.0 * h1 * (${sumOver((k) => `${u(k)} * pulledOf.c${k}`)}))`,
      ...tangents.map((k) => `s1 * pulledOf.c${k}`),
    ])
  };
      }
      workgroupBarrier();
    }

    // The input layer.
    addNarrow(row, q, first, 0u, slot + ${at.w0}u);
    addBias(row, q, slot + ${at.b0}u);
    for (var d = q; d < D; d += Q) {
      var ofX = 0.0;
      for (var i = 0u; i < Q; i += ${plan.unroll}u) {
${
    range(plan.unroll).map((i) =>
      `        ofX += dot(planes[B + row * ROW + i + ${i}u].c0, weights[${at.w0}u + d * Q + i + ${i}u]);`
    ).join("\n")
  }
      }
      pulled[(stage * ${tileRows}u + row) * D + d] = ofX;
    }
    workgroupBarrier();
  }
  // Only this thread has written these of \`pulled\`.
  for (var d = q; d < D; d += Q) {
    var sum = 0.0;
    for (var stage = 0u; stage < job.stages; stage++) { sum += pulled[(stage * ${tileRows}u + row) * D + d]; }
    if (isRow) { ofY0[id * ${width}u + d] += sum; }
  }
}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lid: u32) {
  let row = lid / Q; let q = lid % Q;
  if (lid == 0u) { place = progress.done[workgroup.x]; }
  var at = workgroupUniformLoad(&place);
  if (job.isFirst != 0u && at.x < job.roundsBefore) { at = vec2u(job.roundsBefore, 0u); }
  let isWhole = at.x >= job.roundsBefore;
  for (var left = job.steps; left > 0u; left--) {
    let turn = at.x - job.roundsBefore;
    if (!isWhole || turn >= job.rounds) { break; }
    let tile = turn * job.partialSums + workgroup.x;
    let group = min(tile / job.tilesPerGroup, job.groups - 1u);
    let first = group * job.groupRows + (tile % job.tilesPerGroup) * ${tileRows}u;
    let end = min(min(first + ${tileRows}u, (group + 1u) * job.groupRows), job.rows);
    let isTile = tile < job.tiles && first < end;
    // Threads without a row of their own replay the last one with a cotangent of zero.
    let isRow = isTile && first + row < end;
    let id = min(first + row, end - 1u);
    if (job.isFirst != 0u && at.y == 0u && isRow) {
      for (var d = q; d < ${width}u; d += Q) { ofY0[id * ${width}u + d] = ofY1[id * ${width}u + d]; }
    }
    let accepted = u32(chunk[${places.count("group")}]);
    if (!isTile || at.y >= accepted) {
      at = vec2u(at.x + 1u, 0u);
      continue;
    }
    let last = accepted - 1u - at.y;
    let record = ${places.row("group", "last", "(id - group * job.groupRows)")};
    pullBackStep(lid, row, q, first, id, isRow, record, workgroup.x * ${at.gradientSize}u);
    at.y++;
  }
  // Mesa's llvmpipe ends all loops of an invocation after 65,535 iterations, without a word.
  var canary = 0u;
  for (var i = 0u; i < job.three; i++) { canary += i; }
  if (lid == 0u) {
    if (canary != 3u || !isWhole) { atomicOr(&progress.cutShort, 1u); }
    progress.done[workgroup.x] = at;
  }
}
`;
}

/**
 * The outer product of planes: a thread adds to a block of four rows by a quad of columns, in registers over
 * all rows and columns of the planes. Two quads need half of the reads and spill on RDNA 3.
 */
function outerProduct(
  { quads, tileRows, threads }: Pick<PullBackPlan, "quads" | "tileRows" | "threads">,
  directions: number,
): string {
  const components = ["x", "y", "z", "w"].map((name, i) => ({ name, i }));
  return `/** Adds A^T B, summed over rows and columns of the planes, to a square matrix. */
fn addOuter(lid: u32, into: u32) {
  for (var block = lid; block < ${quads * quads}u; block += ${threads}u) {
    let i = block / Q; let o = block % Q;
    let at = into + 4u * i * Q + o;
${components.map(({ i }) => `    var p${i} = sums[at + ${i}u * Q];`).join("\n")}
    for (var row = 0u; row < ${tileRows}u; row++) {
      let a = planes[row * ROW + i];
      let b = planes[B + row * ROW + o];
${
    range(1 + directions).flatMap((c) =>
      components.map(({ name, i }) => `      p${i} = fma(vec4f(a.c${c}.${name}), b.c${c}, p${i});`)
    ).join("\n")
  }
    }
${components.map(({ i }) => `    sums[at + ${i}u * Q] = p${i};`).join("\n")}
  }
}`;
}

/**
 * WGSL of `body` for every index: unrolled if they are few, since naga counts iterations, which keeps
 * compilers from unrolling.
 */
function each(
  name: string,
  count: number,
  body: (index: string) => string,
  as: "counted" | "unrolled" = count <= 4 ? "unrolled" : "counted",
): string {
  if (as === "unrolled") return range(count).map((i) => body(`${i}u`)).join("\n");
  return `  for (var ${name} = 0u; ${name} < ${count}u; ${name}++) {\n${body(name)}\n  }`;
}
