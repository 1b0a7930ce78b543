import type { MlpShape } from "../../../ops/mlp_field/contract.ts";
import type { WorkgroupVariable } from "../../../backends/gpu/programs.ts";
import { packedWeights } from "./packed_weights.ts";
import { each, fieldPrelude, largestDivisor, range } from "./prelude_wgsl.ts";
import { productWgsl, threadsFor, type ThreadTile, tileRange } from "./tile.ts";

/** The divergence of the field: none, along the unit vectors, or along a probe per row. */
export type TraceKind = "none" | "exact" | "hutchinson";

/** The shapes that determine the field's shader. */
export interface FieldShape extends MlpShape {
  readonly trace: TraceKind;
  /** Rows per workgroup. */
  readonly tileRows: number;
  /** What a thread computes of them. */
  readonly tile: ThreadTile;
}

/** Directions of the trace. */
export function directionsOf({ trace, dims }: Pick<FieldShape, "trace" | "dims">): number {
  return trace === "none" ? 0 : trace === "exact" ? dims : 1;
}

/** Columns of the state. */
export function widthOf({ trace, dims }: Pick<FieldShape, "trace" | "dims">): number {
  return trace === "none" ? dims : dims + 1;
}

/** Passes over the value and the tangents of the field. */
function passesOf(shape: FieldShape): number {
  return Math.ceil((1 + directionsOf(shape)) / shape.tile.columns);
}

/** Columns of the slope that are summed at a time. */
const MOST_SUMMED_COLUMNS = 4;

function summedColumns(shape: FieldShape): number {
  return Math.min(widthOf(shape), MOST_SUMMED_COLUMNS);
}

/** Terms of a slope's sum that are loaded at a time. */
function summedAtOnce({ tile: { unroll } }: FieldShape, quads: number): number {
  return largestDivisor(quads, 4 * unroll);
}

/** Iterations of all loops of an invocation per evaluation, at most. */
export function fieldIterations(shape: FieldShape): number {
  const { quads } = packedWeights(shape);
  const width = widthOf(shape), columns = summedColumns(shape);
  const layers = passesOf(shape) * (1 + 2 * (1 + quads / largestDivisor(quads, shape.tile.unroll)));
  const elements = Math.ceil(shape.tileRows * columns / threadsFor(shape, quads));
  const sums = Math.ceil(width / columns) *
    (1 + columns + elements * (1 + quads / summedAtOnce(shape, quads)));
  return layers + sums + shape.dims;
}

/** The field's own variables in workgroup memory. */
export function fieldVariables(shape: FieldShape): WorkgroupVariable[] {
  const { quads } = packedWeights(shape);
  const { tileRows, tile: { columns } } = shape;
  return [
    {
      name: "planes",
      struct: `array<array<Planes, ${quads + 1}>, ${tileRows}>`,
      bytes: 16 * tileRows * (quads + 1) * columns,
    },
    { name: "shares", type: "f32", count: tileRows * summedColumns(shape) * (quads + 1) },
  ];
}

/**
 * WGSL of the ConditionalMLP's velocity and divergence (ops/mlp_field/contract.ts) for the rows of a
 * workgroup. A thread has some rows and quads of features (tile.ts), with the value and tangents of `tile.columns`
 * columns at a time: column 0 is the value, column k the tangent along direction k of the trace.
 *
 * `field(x, out, t, row, q, lid)` reads positions from `state[x + row * WIDTH + d]` and writes (f, -div f) to
 * `state[out + ...]`. Before it a barrier must have made x visible, after it one must make the slope visible.
 * `fieldDirections(q, ids)` comes first with Hutchinson's estimator.
 *
 * The shader has `weights` (packed_weights.ts), `state`, and with probes `probes` [rows, dims].
 */
export function fieldWgsl(shape: FieldShape): string {
  const { dims, trace, tileRows, tile } = shape;
  const at = packedWeights(shape), { quads } = at;
  const width = widthOf(shape), directions = directionsOf(shape), passes = passesOf(shape);
  const columns = range(tile.columns);
  const rows = range(tile.rows), places = tileRange(tile);
  const isProbed = trace === "hutchinson", isTraced = trace !== "none";
  const summed = summedColumns(shape), atOnce = summedAtOnce(shape, quads);
  const threads = threadsFor(shape, quads);
  const isBlocked = passes > 1;
  /** The first layer's image of direction k, and the output layer's row for it; zero past the last. */
  const directionRow = (base: number, column: number, { r, c }: { r: number; c: number }) => {
    if (isProbed) return base === at.w0 ? `probeImage${r}_${c}` : `probeShare${r}_${c}`;
    if (!isBlocked) return `weights[${base + (column - 1) * quads}u + q${c}]`;
    return `directionRow(${base}u, turn * ${tile.columns}u + ${column}u, q${c})`;
  };
  // Of a single pass column 0 is the value; of several the first one's.
  const isValue = (column: number) => column === 0 && !isBlocked;
  const valueOr = (column: number, value: string, tangent: string) =>
    column > 0 ? tangent : isBlocked ? `select(${tangent}, ${value}, turn == 0u)` : value;
  const planes = (entry: (column: number) => string) => `Planes(${columns.map(entry).join(", ")})`;
  const perPlace = (body: (place: { r: number; c: number; rc: string }) => string) =>
    places.map((place) => body(place)).join("\n");
  return `
const Q = ${quads}u;        // quads of features per row
const QT = ${quads / tile.quads}u;  // threads per row
const D = ${dims}u;
const WIDTH = ${width}u;    // columns of the state
const THREADS = ${threads}u;
const LAYER = ${4 * quads * quads + quads}u;  // vectors of a hidden layer

/** Columns of four features: the value, or tangents. */
struct Planes { ${columns.map((c) => `c${c}: vec4f`).join(", ")} }
${fieldPrelude(shape)}
${
    isProbed
      ? `
// The rows' probes times W0 and times W3 transposed.
${perPlace(({ rc }) => `var<private> probeImage${rc}: vec4f; var<private> probeShare${rc}: vec4f;`)}

fn fieldDirections(q: u32, ids: array<u32, ${tile.rows}>) {
${perPlace(({ rc }) => `  probeImage${rc} = vec4f(0.0); probeShare${rc} = vec4f(0.0);`)}
  for (var d = 0u; d < D; d++) {
${
        range(tile.quads).map((c) =>
          `    let image${c} = weights[${at.w0}u + d * Q + q + ${c}u * QT]; let share${c} = weights[${at.w3t}u + d * Q + q + ${c}u * QT];`
        ).join("\n")
      }
${rows.map((r) => `    let e${r} = vec4f(probes[ids[${r}] * D + d]);`).join("\n")}
${
        perPlace(({ r, c, rc }) =>
          `    probeImage${rc} = fma(e${r}, image${c}, probeImage${rc}); probeShare${rc} = fma(e${r}, share${c}, probeShare${rc});`
        )
      }
  }
}
`
      : ""
  }
${
    isBlocked && !isProbed
      ? `
/** Row k - 1 of a narrow matrix; zero past the last direction. */
fn directionRow(base: u32, k: u32, q: u32) -> vec4f {
  let row = weights[base + (clamp(k, 1u, ${directions}u) - 1u) * Q + q];
  return select(vec4f(0.0), row, k <= ${directions}u);
}
`
      : ""
  }
fn field(x: u32, out: u32, t: f32, row: u32, q: u32, lid: u32) {
${range(tile.quads).map((c) => `  let q${c} = q + ${c}u * QT;`).join("\n")}
${
    range(tile.quads).map((c) =>
      `  let first${c} = weights[${at.b0}u + q${c}] + embedding(t, q${c});`
    )
      .join("\n")
  }
${perPlace(({ c, rc }) => `  var h${rc} = first${c};`)}
${
    each(dims, (d) =>
      [
        ...range(tile.quads).map((c) =>
          `  { let w = weights[${at.w0}u + ${d} * Q + q${c}]; ${
            rows.map((r) =>
              `h${r}_${c} = fma(vec4f(state[x + (row + ${r}u) * WIDTH + ${d}]), w, h${r}_${c});`
            ).join(" ")
          } }`
        ),
      ].join("\n"))
  }
${perPlace(({ rc }) => `  h${rc} = tanh4(h${rc}); var s${rc} = slopeOf(h${rc});`)}
${isTraced ? perPlace(({ rc }) => `  var share${rc} = 0.0;`) : ""}
${
    isBlocked
      ? perPlace(({ rc }) =>
        `  let slope${rc} = s${rc}; var next${rc}: vec4f; var last${rc}: vec4f; var value${rc}: vec4f;`
      ) +
        `\n  for (var turn = 0u; turn < ${passes}u; turn++) {\n` +
        perPlace(({ rc }) => `  s${rc} = slope${rc};`)
      : ""
  }
${
    perPlace(({ rc, r, c }) =>
      `  planes[row + ${r}u][q${c}] = ${
        planes((column) =>
          isValue(column)
            ? `h${rc}`
            : valueOr(column, `h${rc}`, `s${rc} * ${directionRow(at.w0, column, { r, c })}`)
        )
      };`
    )
  }
${perPlace(({ rc }) => `  ${columns.map((column) => `var a${column}_${rc}: vec4f;`).join(" ")}`)}
  for (var layer = 0u; layer < 2u; layer++) {
    workgroupBarrier();
${perPlace(({ rc }) => `    ${columns.map((k) => `a${k}_${rc} = vec4f(0.0);`).join(" ")}`)}
${productWgsl({ quads, tile, planes: "planes", base: `${at.w1}u + layer * LAYER` })}
${isBlocked ? "    if (turn == 0u) {" : ""}
${
    range(tile.quads).map((c) => `    let bias${c} = weights[${at.b1}u + layer * LAYER + q${c}];`)
      .join("\n")
  }
${
    perPlace(({ rc, c }) => {
      const layer = `    h${rc} = tanh4(a0_${rc} + bias${c}); s${rc} = slopeOf(h${rc});`;
      return isBlocked
        ? `${layer} if (layer == 0u) { next${rc} = s${rc}; } else { last${rc} = s${rc}; value${rc} = h${rc}; }`
        : layer;
    })
  }
${
    isBlocked
      ? "    } else {\n" +
        perPlace(({ rc }) => `    s${rc} = select(last${rc}, next${rc}, layer == 0u);`) + "\n    }"
      : ""
  }
${
    perPlace(({ rc }) =>
      columns.map((k) =>
        `    a${k}_${rc} = ${isValue(k) ? `h${rc}` : valueOr(k, `h${rc}`, `s${rc} * a${k}_${rc}`)};`
      ).join("")
    )
  }
    workgroupBarrier();
${perPlace(({ rc, r, c }) => `    planes[row + ${r}u][q${c}] = ${planes((k) => `a${k}_${rc}`)};`)}
  }
${
    isTraced
      ? perPlace(({ rc, r, c }) =>
        columns.filter((k) => !isValue(k)).map((k) =>
          `  ${k === 0 ? "if (turn > 0u) { " : ""}share${rc} = addDot(share${rc}, a${k}_${rc}, ${
            directionRow(at.w3t, k, { r, c })
          });${k === 0 ? " }" : ""}`
        ).join("\n")
      )
      : ""
  }
${isBlocked ? "  }\n" + perPlace(({ rc }) => `  h${rc} = value${rc};`) : ""}
  // Sums over features: every thread its own, then a thread per element of the slope.
  for (var firstColumn = 0u; firstColumn < WIDTH; firstColumn += ${summed}u) {
    for (var c = 0u; c < ${summed}u; c++) {
      let column = firstColumn + c;
${
    perPlace(({ rc, r, c }) =>
      `      { var term = ${
        isTraced ? `-share${rc}` : "0.0"
      }; if (column < D) { term = addDot(0.0, h${rc}, weights[${at.w3t}u + column * Q + q${c}]); } shares[((row + ${r}u) * ${summed}u + c) * (Q + 1u) + q${c}] = term; }`
    )
  }
    }
    workgroupBarrier();
    for (var e = lid; e < ${tileRows * summed}u; e += THREADS) {
      let column = firstColumn + e % ${summed}u;
      if (column < WIDTH) {
        var sum = 0.0;
        if (column < D) { sum = weights[${at.b3}u + column / 4u][column % 4u]; }
        for (var k = 0u; k < Q; k += ${atOnce}u) {
${range(atOnce).map((i) => `          let x${i} = shares[e * (Q + 1u) + k + ${i}u];`).join("\n")}
          sum = ${range(atOnce).reduce((sum, i) => `(${sum} + x${i})`, "sum")};
        }
        state[out + e / ${summed}u * WIDTH + column] = sum;
      }
    }
${width > summed ? "    workgroupBarrier();" : ""}
  }
}
`;
}
