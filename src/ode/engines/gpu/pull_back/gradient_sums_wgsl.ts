import type { FieldShape } from "../field_wgsl.ts";
import { packedWeights } from "../packed_weights.ts";
import { range } from "../../../../ops/wgsl/lines.ts";
import { isPulledTogether, outerRowsAtOnce } from "./plan.ts";

/** A number of [dims][quads] per turn of the loop: the same thread's in all functions. */
const eachOfNarrow = `
  for (var e = lid; e < D * Q; e += THREADS) {
    let d = e / Q; let q = e % Q;`;

/**
 * WGSL of the parameters' gradient in the pull-back: functions that add sums over the tile's rows of `near`, `pulls`
 * and `narrow` to the workgroup's partial sum. Every number is one thread's, in the order of the rows, and the same
 * thread's in all functions: the barriers between them order workgroup memory, not storage.
 */
export function gradientSumsWgsl(shape: FieldShape): string {
  const { dims, trace, tileRows, tile } = shape;
  const together = isPulledTogether(shape);
  const rowLoop = (body: (r: string) => string) =>
    `for (var r = 0u; r < ${tileRows}u; r++) {\n${body("r")}\n    }`;
  return `
${outerProduct(shape, { name: "addOuter", columns: tile.columns })}
${together ? "" : outerProduct(shape, { name: "addOuterValue", columns: 1 })}

/** Adds the values in pulls. */
fn addBias(lid: u32, into: u32) {
  for (var q = lid; q < Q; q += THREADS) {
    var sum = sums[into + q];
    ${rowLoop((r) => `      sum += pulls[${r}][q].c0;`)}
    sums[into + q] = sum;
  }
}

/** Adds (narrow)^T values${
    together ? " + (directions)^T tangents" : ""
  } in pulls to [dims][quads]. */
fn addNarrow(lid: u32, first: u32, narrowFrom: u32, into: u32) {${eachOfNarrow}
    var sum = sums[into + e];
    ${
    rowLoop((r) =>
      [
        `      let b = pulls[${r}][q];`,
        `      sum = fma(vec4f(narrow[narrowFrom + ${r} * D + d]), b.c0, sum);`,
        ...(!together || trace === "none"
          ? []
          : trace === "hutchinson"
          ? [`      sum = fma(vec4f(probes[min(first + ${r}, job.rows - 1u) * D + d]), b.c1, sum);`]
          // The unit vector of this dimension.
          : range(dims).map((d) => `      sum += select(vec4f(0.0), b.c${d + 1}, d == ${d}u);`)),
      ].join("\n")
    )
  }
    sums[into + e] = sum;
  }
}
${together ? "" : directionSums(shape)}

/** Adds the cotangents of f to the last bias. */
fn addOutputBias(lid: u32, into: u32) {
  for (var i = lid; i < ${Math.ceil(dims / 4)}u; i += THREADS) {
    var sum = sums[into + i];
    ${
    rowLoop((r) =>
      `      sum += vec4f(${
        range(4).map((j) =>
          `select(0.0, narrow[OF_F + ${r} * D + min(4u * i + ${j}u, D - 1u)], 4u * i + ${j}u < D)`
        ).join(", ")
      });`
    )
  }
    sums[into + i] = sum;
  }
}
`;
}

/** The tangents' part of `addNarrow`, of a pass. */
function directionSums({ tileRows, trace, tile: { columns } }: FieldShape): string {
  const term = trace === "hutchinson"
    ? "sum = fma(vec4f(probes[min(first + r, job.rows - 1u) * D + d]), pulls[r][q].c0, sum);"
    // The unit vector of this dimension.
    : range(columns).map((k) => `sum += select(vec4f(0.0), pulls[r][q].c${k}, k == ${k}u);`)
      .join(" ");
  const ofTurn = trace === "hutchinson" ? "" : `
    let k = d - turn * ${columns}u;
    if (k >= ${columns}u) { continue; }`;
  return `
/** Adds (directions)^T tangents in pulls to [dims][quads]. */
fn addDirections(lid: u32, first: u32, turn: u32, into: u32) {${eachOfNarrow}${ofTurn}
    var sum = sums[into + e];
    for (var r = 0u; r < ${tileRows}u; r++) { ${term} }
    sums[into + e] = sum;
  }
}`;
}

/**
 * The outer product of planes: a thread adds to a block of four rows by a quad of columns, in registers. Two quads
 * take half of the reads and more than 128 registers on RDNA.
 */
function outerProduct(
  shape: FieldShape,
  { name, columns }: { readonly name: string; readonly columns: number },
): string {
  const { tileRows } = shape, { quads } = packedWeights(shape);
  const atOnce = range(outerRowsAtOnce(shape));
  const perSum = (body: (component: string, i: number) => string) =>
    ["x", "y", "z", "w"].map(body).join("\n");
  return `/** Adds near^T pulls, over rows and columns, to a square matrix. */
fn ${name}(lid: u32, into: u32) {
  for (var block = lid; block < ${quads * quads}u; block += THREADS) {
    let i = block / Q; let o = block % Q;
    let at = into + 4u * i * Q + o;
${perSum((_, i) => `    var p${i} = sums[at + ${i}u * Q];`)}
    for (var row = 0u; row < ${tileRows}u; row += ${atOnce.length}u) {
${
    atOnce.map((r) => `
      let a${r} = near[row + ${r}u][i]; let b${r} = pulls[row + ${r}u][o];
${
      range(columns).map((c) =>
        perSum((component, i) =>
          `      p${i} = fma(vec4f(a${r}.c${c}.${component}), b${r}.c${c}, p${i});`
        )
      ).join("\n")
    }`).join("\n")
  }
    }
${perSum((_, i) => `    sums[at + ${i}u * Q] = p${i};`)}
  }
}`;
}
