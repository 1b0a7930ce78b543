import { workgroupVariables } from "../../../../backends/gpu/mod.ts";
import type { MlpShape } from "../../../../ops/mlp_field/contract.ts";
import {
  directionsOf,
  directionsWgsl,
  featureSumsWgsl,
  type FieldShape,
  firstLayerWgsl,
  tileConstants,
  type TraceKind,
  widthOf,
} from "../field_wgsl.ts";
import { packedWeights } from "../packed_weights.ts";
import { range } from "../../../../ops/wgsl/lines.ts";
import { each, fieldPrelude } from "../prelude_wgsl.ts";
import { recordPlaces } from "../records.ts";
import { productWgsl, type TilePlace, tileRange } from "../tiles/thread_tile.ts";
import { gradientSumsWgsl } from "./gradient_sums_wgsl.ts";
import { isPulledTogether, type PullBackPlan, pullBackVariables } from "./plan.ts";

/**
 * The pull-back's shader: the exact gradient of recorded steps, last to first, with the step sizes
 * held fixed (formulas: solver/replay.ts; the field's VJP: ops/mlp_field/float64.ts).
 *
 * A workgroup replays tiles of rows one after the other, a thread holding some rows and quads of features
 * (tiles/thread_tile.ts). A dispatch replays a bounded number of steps and writes down where it stopped, so equal dispatches
 * follow each other without the host. Weight gradients are added to the workgroup's partial sum, every
 * number by one thread in a fixed order; cotangents are exchanged in workgroup memory.
 *
 * Per stage, with columns (h, T_k): the value and the tangent along each direction of the trace,
 *
 *   forward     a1 = (h1, s1 u_k),  a2 = (h2, s2 (T1_k W1)),  a3 = (h3, s3 (T2_k W2))
 *   backward    b3 = (total3, ofV3_k) -> dW2 += a2^T b3, b2 = b3 W2^T -> dW1 += a1^T b2, ...
 *
 * The planes `near` have the a of a layer, `pulls` its b. Beyond a few directions the tangents go forward and
 * back in passes of `tile.columns`, between the value's way forward and its way back: a tangent acts on the value by
 * the sums over all directions of T_k (b W^T)_k alone, which a thread keeps.
 *
 * From one product to the next a thread keeps little in registers and reads its own planes again.
 */
export function pullBackShader(
  shape: MlpShape & { readonly trace: TraceKind },
  plan: Pick<PullBackPlan, "quads" | "tileRows" | "threads" | "stageRoom" | "tile">,
): string {
  const { dims, trace } = shape;
  const { quads, tileRows, threads, tile, stageRoom } = plan;
  const field: FieldShape = { ...shape, tileRows, tile };
  const directions = directionsWgsl(field), width = widthOf(field);
  const at = packedWeights(shape);
  const narrow = tileRows * dims;
  const ids = `array<u32, ${tile.rows}>(${
    range(tile.rows).map((r) => `min(first + row + ${r}u, end - 1u)`).join(", ")
  })`;
  const places = recordPlaces({
    dims,
    slopes: "job.stages",
    groups: "job.groups",
    groupRows: "job.groupRows",
    steps: "job.chunkSteps",
  });
  const stages = range(stageRoom);
  return `
${tileConstants(field)}
const SQUARE = ${4 * quads * quads}u;          // vectors of a hidden layer's weights
const OF_F = ${narrow}u;    // cotangents of f follow x

/** Columns of four features: the value, or tangents. */
struct Planes { ${range(tile.columns).map((c) => `c${c}: vec4f`).join(", ")} }
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
${directions.code}
${gradientSumsWgsl(field)}

/** The VJP of a step of a group for the tile's rows, first to end: reads and writes their cotangents. */
fn pullBackStep(lid: u32, row: u32, q: u32, group: u32, step: u32, first: u32, end: u32, slot: u32) {
  let before = group * job.groupRows;
  let record = ${places.row("group", "step", "0u")};
  let t0 = chunk[${places.t("record")}]; let h = chunk[${places.h("record")}];
${trace === "hutchinson" ? `  fieldDirections(q, ${ids});` : ""}
  for (var back = 0u; back < job.stages; back++) {
    let stage = job.stages - 1u - back;
    let b = job.tableau[job.stages + stage];
    let ofA = 2u * job.stages;
    // The input of the stage and the cotangent of its slope. All loads of a sum are made at once.
    for (var e = lid; e < ${narrow}u; e += THREADS) {
      let tileRow = e / D; let d = e % D;
      let id = min(first + tileRow, end - 1u);
      let record = ${places.row("group", "step", "(id - before)")};
      var sum = 0.0;
${
    stages.map((j) =>
      `      sum = select(sum, fma(job.tableau[ofA + stage * job.stages + ${j}u], chunk[${
        places.slope("record", `${j}u`, "d")
      }], sum), ${j}u < stage);`
    ).join("\n")
  }
      narrow[e] = fma(h, sum, chunk[${places.state("record", "d")}]);
      // Rows that the tile lacks have a cotangent of zero.
      var ofF = select(0.0, b * ofY0[id * ${width}u + d], first + tileRow < end);
${
    stages.slice(1).map((j) =>
      `      ofF = select(ofF, fma(job.tableau[ofA + ${j}u * job.stages + stage], pulled[${
        j * narrow
      }u + e], ofF), ${j}u > stage && ${j}u < job.stages);`
    ).join("\n")
  }
      narrow[OF_F + e] = h * ofF;
    }
    workgroupBarrier();
${
    trace === "none" ? "" : `    // logp has the slope -div and no influence on the field.
    let ofDivs = array<f32, ${tile.rows}>(${
      range(tile.rows).map((r) =>
        `select(0.0, -h * b * ofY1[min(first + row + ${r}u, end - 1u) * ${width}u + D], first + row + ${r}u < end)`
      ).join(", ")
    });
${range(tile.rows).map((r) => `    let ofDiv${r} = ofDivs[${r}];`).join("\n")}`
  }
${
    firstLayerWgsl(field, {
      time: "fma(job.tableau[stage], h, t0)",
      position: (r, d) => `narrow[(row + ${r}u) * D + ${d}]`,
    })
  }
${isPulledTogether(field) ? pulledTogether(field) : pulledInPasses(field)}

    // The input layer.
    addNarrow(lid, first, 0u, slot + ${at.w0}u);
    addBias(lid, slot + ${at.b0}u);
${
    featureSumsWgsl(field, {
      columns: dims,
      term: ({ r, c }) =>
        `let term = addDot(0.0, pulls[row + ${r}u][q${c}].c0, weights[${at.w0}u + min(column, D - 1u) * Q + q${c}]);`,
      begin: "",
      store: `pulled[stage * ${narrow}u + tileRow * D + column] = sum;`,
    })
  }
    workgroupBarrier();
  }
  for (var e = lid; e < ${narrow}u; e += THREADS) {
    var sum = 0.0;
    for (var stage = 0u; stage < job.stages; stage++) { sum += pulled[stage * ${narrow}u + e]; }
    let id = first + e / D;
    if (id < end) { ofY0[id * ${width}u + e % D] += sum; }
  }
}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lid: u32) {
  let row = lid / QT * ${tile.rows}u; let q = lid % QT;
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
    if (job.isFirst != 0u && at.y == 0u && isTile) {
      // Element by element as below: what a thread adds to it has written.
      for (var e = lid; e < ${narrow}u; e += THREADS) {
        let id = first + e / D;
        if (id < end) { ofY0[id * ${width}u + e % D] = ofY1[id * ${width}u + e % D]; }
      }
${
    trace === "none"
      ? ""
      : `      for (var id = first + lid; id < end; id += THREADS) { ofY0[id * ${width}u + D] = ofY1[id * ${width}u + D]; }`
  }
    }
    let accepted = u32(chunk[${places.count("group")}]);
    if (!isTile || at.y >= accepted) {
      at = vec2u(at.x + 1u, 0u);
      continue;
    }
    pullBackStep(lid, row, q, group, accepted - 1u - at.y, first, end, workgroup.x * ${at.gradientSize}u);
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

/** Statements about the places of a thread. */
function perPlace({ tile }: FieldShape, body: (place: TilePlace) => string): string {
  return tileRange(tile).map(body).join("\n");
}

/** `Planes` of an expression per column. */
function planesOf(count: number, entry: (column: number) => string): string {
  return `Planes(${range(count).map(entry).join(", ")})`;
}

const cell = (planes: "near" | "pulls", { r, c }: TilePlace) => `${planes}[row + ${r}u][q${c}]`;

/** WGSL that sets the accumulators `a{column}_{row}_{quad}` to a product of planes. */
function productOf(
  field: FieldShape,
  { planes, base, columns }: {
    readonly planes: "near" | "pulls";
    readonly base: string;
    readonly columns: number;
  },
): string {
  const { quads } = packedWeights(field);
  const tile = { ...field.tile, columns };
  return `
${
    perPlace(field, ({ rc }) =>
      range(columns).map((k) => `      var a${k}_${rc} = vec4f(0.0);`).join(""))
  }
${productWgsl({ quads, tile, planes, base })}`;
}

/** Biases of the layer `layer`. */
function biasesOf({ tile, ...field }: FieldShape): string {
  const { b1 } = packedWeights(field);
  return range(tile.quads).map((c) =>
    `      let bias${c} = weights[${b1}u + layer * LAYER + q${c}];`
  ).join("\n");
}

/** WGSL of the cotangent of h3 from that of f, for a place. */
function ofOutput(field: FieldShape, { r, c, rc }: TilePlace): string {
  const { w3t } = packedWeights(field);
  return `    var ofH${rc} = vec4f(0.0);
${
    each(field.dims, (d) =>
      `    ofH${rc} = fma(vec4f(narrow[OF_F + (row + ${r}u) * D + ${d}]), weights[${w3t}u + ${d} * Q + q${c}], ofH${rc});`)
  }`;
}

/** A stage with the value and all tangents in one pass. Before it the first layer's sums `h`. */
function pulledTogether(field: FieldShape): string {
  const at = packedWeights(field), { columns } = field.tile;
  const tangents = range(columns).slice(1);
  const directions = directionsWgsl(field);
  const first = (place: TilePlace) =>
    `${cell("near", place)} = ${
      planesOf(columns, (k) =>
        k === 0 ? `h${place.rc}` : `slopeOf(h${place.rc}) * ${directions.row("w0", k, place)}`)
    };`;
  return `
${perPlace(field, (place) => `    h${place.rc} = tanh4(h${place.rc}); ${first(place)}`)}
    for (var layer = 0u; layer < 2u; layer++) {
      workgroupBarrier();
${productOf(field, { planes: "near", base: `${at.w1}u + layer * LAYER`, columns })}
${biasesOf(field)}
      workgroupBarrier();
${
    perPlace(field, (place) => {
      const { r, c, rc } = place;
      return `      { let h = tanh4(a0_${rc} + bias${c}); let s = slopeOf(h);
        if (layer == 0u) { ${cell("near", place)} = ${
        planesOf(columns, (k) => k === 0 ? "h" : `s * a${k}_${rc}`)
      }; }
        else { ${cell("pulls", place)} = ${
        planesOf(columns, (k) => k === 0 ? "h" : `ofDiv${r} * (s * a${k}_${rc})`)
      }; } }`;
    })
  }
    }

    // The output layer.
    workgroupBarrier();
    addNarrow(lid, first, OF_F, slot + ${at.w3t}u);
    addOutputBias(lid, slot + ${at.b3}u);
    workgroupBarrier();
${
    perPlace(field, (place) => {
      const { r, rc } = place;
      const row = (k: number) => directions.row("w3t", k, place);
      return `${ofOutput(field, place)}
    { let top = ${cell("pulls", place)}; let s = slopeOf(top.c0); var cross = vec4f(0.0);
${tangents.map((k) => `      cross = fma(top.c${k}, ${row(k)}, cross);`).join("\n")}
      ${cell("pulls", place)} = ${
        planesOf(
          columns,
          (k) => k === 0 ? `fma(-2.0 * top.c0, cross, s * ofH${rc})` : `ofDiv${r} * s * ${row(k)}`,
        )
      }; }`;
    })
  }
    workgroupBarrier();

    // The hidden layers.
    for (var layer = 1u; layer < 2u; layer--) {
      addOuter(lid, slot + ${at.w1}u + layer * LAYER);
      addBias(lid, slot + ${at.b1}u + layer * LAYER);
${productOf(field, { planes: "pulls", base: `${at.w1t}u + layer * SQUARE`, columns })}
      workgroupBarrier();
${
    perPlace(field, (place) => {
      const { rc } = place;
      return `      { let below = ${
        cell("near", place)
      }; let s = slopeOf(below.c0); var cross = vec4f(0.0);
${tangents.map((k) => `        cross = fma(below.c${k}, a${k}_${rc}, cross);`).join("\n")}
        ${cell("pulls", place)} = ${
        planesOf(
          columns,
          (k) => k === 0 ? `fma(-2.0 * below.c0, cross, s * a0_${rc})` : `s * a${k}_${rc}`,
        )
      };
        if (layer == 1u) { ${first(place)} } }`;
    })
  }
      workgroupBarrier();
    }`;
}

/** A stage with the value's way forward, passes over the tangents, and the value's way back. */
function pulledInPasses(field: FieldShape): string {
  const at = packedWeights(field), { columns } = field.tile;
  const passes = Math.ceil(directionsOf(field) / columns);
  const directions = directionsWgsl(field);
  const row = (of: "w0" | "w3t", k: number, place: TilePlace) =>
    directions.row(of, `turn * ${columns}u + ${k + 1}u`, place);
  const first = (place: TilePlace) =>
    `${cell("near", place)} = ${
      planesOf(columns, (k) => `slopeOf(h${place.rc}) * ${row("w0", k, place)}`)
    };`;
  return `
    // The value's way forward.
${
    perPlace(field, (place) => {
      const { rc } = place;
      return `    h${rc} = tanh4(h${rc}); ${cell("near", place)}.c0 = h${rc};
    var second${rc}: vec4f; var third${rc}: vec4f;
    var cross1_${rc} = vec4f(0.0); var cross2_${rc} = vec4f(0.0); var cross3_${rc} = vec4f(0.0);`;
    })
  }
    for (var layer = 0u; layer < 2u; layer++) {
      workgroupBarrier();
${productOf(field, { planes: "near", base: `${at.w1}u + layer * LAYER`, columns: 1 })}
${biasesOf(field)}
      workgroupBarrier();
${
    perPlace(field, (place) => {
      const { c, rc } = place;
      return `      third${rc} = tanh4(a0_${rc} + bias${c});
      if (layer == 0u) { second${rc} = third${rc}; ${cell("near", place)}.c0 = third${rc}; }`;
    })
  }
    }

    // The tangents forward and back.
    for (var turn = 0u; turn < ${passes}u; turn++) {
${perPlace(field, (place) => `      ${first(place)}`)}
      for (var layer = 0u; layer < 2u; layer++) {
        workgroupBarrier();
${productOf(field, { planes: "near", base: `${at.w1}u + layer * LAYER`, columns })}
        workgroupBarrier();
${
    perPlace(field, (place) => {
      const { r, rc } = place;
      return `        if (layer == 0u) { let s = slopeOf(second${rc}); ${cell("near", place)} = ${
        planesOf(columns, (k) => `s * a${k}_${rc}`)
      }; }
        else { let s = slopeOf(third${rc}); ${cell("pulls", place)} = ${
        planesOf(columns, (k) => `ofDiv${r} * (s * a${k}_${rc})`)
      }; }`;
    })
  }
      }
      workgroupBarrier();
      addDirections(lid, first, turn, slot + ${at.w3t}u);
      workgroupBarrier();
${
    perPlace(field, (place) => {
      const { r, rc } = place;
      return `      { let top = ${cell("pulls", place)}; let s = slopeOf(third${rc});
${
        range(columns).map((k) =>
          `        let w${k} = ${
            row("w3t", k, place)
          }; cross3_${rc} = fma(top.c${k}, w${k}, cross3_${rc});`
        ).join("\n")
      }
        ${cell("pulls", place)} = ${planesOf(columns, (k) => `ofDiv${r} * s * w${k}`)}; }`;
    })
  }
      workgroupBarrier();
      for (var layer = 1u; layer < 2u; layer--) {
        addOuter(lid, slot + ${at.w1}u + layer * LAYER);
${productOf(field, { planes: "pulls", base: `${at.w1t}u + layer * SQUARE`, columns })}
        workgroupBarrier();
${
    perPlace(field, (place) => {
      const { rc } = place;
      return `        { let below = ${
        cell("near", place)
      }; var cross = select(cross1_${rc}, cross2_${rc}, layer == 1u);
${range(columns).map((k) => `          cross = fma(below.c${k}, a${k}_${rc}, cross);`).join("\n")}
          let s = slopeOf(select(h${rc}, second${rc}, layer == 1u));
          ${cell("pulls", place)} = ${planesOf(columns, (k) => `s * a${k}_${rc}`)};
          if (layer == 1u) { cross2_${rc} = cross; ${
        first(place)
      } } else { cross1_${rc} = cross; } }`;
    })
  }
        workgroupBarrier();
      }
      addDirections(lid, first, turn, slot + ${at.w0}u);
      workgroupBarrier();
    }

    // The value's way back.
${perPlace(field, (place) => `    ${cell("pulls", place)}.c0 = third${place.rc};`)}
    workgroupBarrier();
    addNarrow(lid, first, OF_F, slot + ${at.w3t}u);
    addOutputBias(lid, slot + ${at.b3}u);
    workgroupBarrier();
${
    perPlace(field, (place) => {
      const { rc } = place;
      return `${ofOutput(field, place)}
    ${
        cell("pulls", place)
      }.c0 = fma(-2.0 * third${rc}, cross3_${rc}, slopeOf(third${rc}) * ofH${rc});
    ${cell("near", place)}.c0 = second${rc};`;
    })
  }
    workgroupBarrier();
    for (var layer = 1u; layer < 2u; layer--) {
      addOuterValue(lid, slot + ${at.w1}u + layer * LAYER);
      addBias(lid, slot + ${at.b1}u + layer * LAYER);
${productOf(field, { planes: "pulls", base: `${at.w1t}u + layer * SQUARE`, columns: 1 })}
      workgroupBarrier();
${
    perPlace(field, (place) => {
      const { rc } = place;
      return `      { let below = select(h${rc}, second${rc}, layer == 1u); let cross = select(cross1_${rc}, cross2_${rc}, layer == 1u);
        ${cell("pulls", place)}.c0 = fma(-2.0 * below, cross, slopeOf(below) * a0_${rc});
        if (layer == 1u) { ${cell("near", place)}.c0 = h${rc}; } }`;
    })
  }
      workgroupBarrier();
    }`;
}
