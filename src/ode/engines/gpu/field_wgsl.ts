import type { MlpShape } from "../../../ops/mlp_field/contract.ts";
import type { WorkgroupVariable } from "../../../backends/gpu/programs.ts";
import { packedWeights } from "./packed_weights.ts";
import { range } from "../../../ops/wgsl/lines.ts";
import { each, fieldPrelude, largestDivisor } from "./prelude_wgsl.ts";
import {
  productWgsl,
  threadsFor,
  type ThreadTile,
  type TilePlace,
  tileRange,
} from "./tiles/thread_tile.ts";

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

/** Columns that are summed over features at a time. */
const MOST_SUMMED_COLUMNS = 4;

function summedColumns(columns: number): number {
  return Math.min(columns, MOST_SUMMED_COLUMNS);
}

/** Terms of a sum that are loaded at a time. */
function summedAtOnce({ tile: { unroll } }: Pick<FieldShape, "tile">, quads: number): number {
  return largestDivisor(quads, 4 * unroll);
}

/** Iterations of all loops of an invocation per evaluation, at most. */
export function fieldIterations(shape: FieldShape): number {
  const { quads } = packedWeights(shape);
  const layers = passesOf(shape) * (1 + 2 * (1 + quads / largestDivisor(quads, shape.tile.unroll)));
  return layers + featureSumIterations(shape, widthOf(shape)) + shape.dims;
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
    shareVariable(shape, widthOf(shape)),
  ];
}

/** The shapes that determine the WGSL which the field and its pull-back share. */
export type LayersShape = Omit<FieldShape, "tileRows">;

/** WGSL of the directions of a trace. */
export interface DirectionsWgsl {
  /** Declarations; with probes also `fieldDirections(q, ids)`, which comes before the first use. */
  readonly code: string;
  /** The row for direction k of W0 or of W3 transposed, at the quad of a place; zero past the last direction. */
  row(of: "w0" | "w3t", k: number | string, place: TilePlace): string;
}

/**
 * The directions of a trace, of `weights` and with probes of `probes` [rows, dims]. A k that is known when the
 * shader is written is a number.
 */
export function directionsWgsl(shape: LayersShape): DirectionsWgsl {
  const { trace, tile } = shape;
  const at = packedWeights(shape), directions = directionsOf(shape);
  if (trace === "hutchinson") {
    const places = tileRange(tile);
    const perPlace = (body: (rc: string, place: TilePlace) => string) =>
      places.map((place) => body(place.rc, place)).join("\n");
    const perQuad = (body: (c: number) => string) => range(tile.quads).map(body).join("\n");
    return {
      code: `
// The rows' probes times W0 and times W3 transposed.
${perPlace((rc) => `var<private> probeImage${rc}: vec4f; var<private> probeShare${rc}: vec4f;`)}

fn fieldDirections(q: u32, ids: array<u32, ${tile.rows}>) {
${perPlace((rc) => `  probeImage${rc} = vec4f(0.0); probeShare${rc} = vec4f(0.0);`)}
  for (var d = 0u; d < D; d++) {
${
        perQuad((c) =>
          `    let image${c} = weights[${at.w0}u + d * Q + q + ${c}u * QT]; let share${c} = weights[${at.w3t}u + d * Q + q + ${c}u * QT];`
        )
      }
${range(tile.rows).map((r) => `    let e${r} = vec4f(probes[ids[${r}] * D + d]);`).join("\n")}
${
        perPlace((rc, { r, c }) =>
          `    probeImage${rc} = fma(e${r}, image${c}, probeImage${rc}); probeShare${rc} = fma(e${r}, share${c}, probeShare${rc});`
        )
      }
  }
}
`,
      row: (of, _, { rc }) => of === "w0" ? `probeImage${rc}` : `probeShare${rc}`,
    };
  }
  return {
    code: `
/** Row k - 1 of a narrow matrix; zero past the last direction. */
fn directionRow(base: u32, k: u32, q: u32) -> vec4f {
  let row = weights[base + (clamp(k, 1u, ${Math.max(1, directions)}u) - 1u) * Q + q];
  return select(vec4f(0.0), row, k <= ${directions}u);
}
`,
    row: (of, k, { c }) =>
      typeof k === "number"
        ? `weights[${at[of] + (k - 1) * packedWeights(shape).quads}u + q${c}]`
        : `directionRow(${at[of]}u, ${k}, q${c})`,
  };
}

/** WGSL that declares a thread's quads `q0`, `q1`, ... from `q`, and the first layer's sums `h{row}_{quad}`. */
export function firstLayerWgsl(
  shape: LayersShape,
  { time, position }: {
    readonly time: string;
    /** Of dimension d in a row of the thread. */
    readonly position: (r: number, d: string) => string;
  },
): string {
  const { dims, tile } = shape, at = packedWeights(shape);
  const quads = range(tile.quads), rows = range(tile.rows);
  return `
${quads.map((c) => `    let q${c} = q + ${c}u * QT;`).join("\n")}
${
    quads.map((c) => `    let first${c} = weights[${at.b0}u + q${c}] + embedding(${time}, q${c});`)
      .join("\n")
  }
${tileRange(tile).map(({ c, rc }) => `    var h${rc} = first${c};`).join("\n")}
${
    each(dims, (d) =>
      quads.map((c) =>
        `    { let w = weights[${at.w0}u + ${d} * Q + q${c}]; ${
          rows.map((r) =>
            `h${r}_${c} = fma(vec4f(${position(r, d)}), w, h${r}_${c});`
          ).join(" ")
        } }`
      ).join("\n"))
  }`;
}

/** Sums over features per row and column, which `shares` in workgroup memory passes on. */
export interface FeatureSums {
  readonly columns: number;
  /** Declares `term`, a place's part of the sum of `column`. */
  readonly term: (place: TilePlace) => string;
  /** What the sum of `column` begins with: statements on `sum`. */
  readonly begin: string;
  /** Stores `sum` of `tileRow` and `column`. */
  readonly store: string;
}

/** WGSL of {@link FeatureSums}: every thread its own terms, then a thread per sum. It ends without a barrier. */
export function featureSumsWgsl(
  shape: FieldShape,
  { columns, term, begin, store }: FeatureSums,
): string {
  const { quads } = packedWeights(shape), { tileRows, tile } = shape;
  const summed = summedColumns(columns), atOnce = summedAtOnce(shape, quads);
  return `
    for (var firstColumn = 0u; firstColumn < ${columns}u; firstColumn += ${summed}u) {
${columns > summed ? "      workgroupBarrier();" : ""}
      for (var i = 0u; i < ${summed}u; i++) {
        let column = firstColumn + i;
${
    tileRange(tile).map((place) =>
      `        { ${
        term(place)
      } shares[((row + ${place.r}u) * ${summed}u + i) * (Q + 1u) + q${place.c}] = term; }`
    ).join("\n")
  }
      }
      workgroupBarrier();
      for (var e = lid; e < ${tileRows * summed}u; e += THREADS) {
        let tileRow = e / ${summed}u; let column = firstColumn + e % ${summed}u;
        if (column < ${columns}u) {
          var sum = 0.0;
          ${begin}
          for (var k = 0u; k < Q; k += ${atOnce}u) {
${range(atOnce).map((i) => `            let x${i} = shares[e * (Q + 1u) + k + ${i}u];`).join("\n")}
            sum = ${range(atOnce).reduce((sum, i) => `(${sum} + x${i})`, "sum")};
          }
          ${store}
        }
      }
    }`;
}

/** Iterations of all loops of an invocation for {@link featureSumsWgsl}, at most. */
export function featureSumIterations(shape: FieldShape, columns: number): number {
  const { quads } = packedWeights(shape), summed = summedColumns(columns);
  const elements = Math.ceil(shape.tileRows * summed / threadsFor(shape, quads));
  return Math.ceil(columns / summed) *
    (1 + summed + elements * (1 + quads / summedAtOnce(shape, quads)));
}

/** `shares` of {@link featureSumsWgsl}. */
export function shareVariable(
  { tileRows, ...shape }: MlpShape & Pick<FieldShape, "tileRows">,
  columns: number,
): WorkgroupVariable {
  const { quads } = packedWeights(shape);
  return { name: "shares", type: "f32", count: tileRows * summedColumns(columns) * (quads + 1) };
}

/** Constants of shaders with {@link ThreadTile}s. */
export function tileConstants(shape: FieldShape): string {
  const { quads } = packedWeights(shape);
  return `
const Q = ${quads}u;        // quads of features per row
const QT = ${quads / shape.tile.quads}u;  // threads per row
const D = ${shape.dims}u;
const THREADS = ${threadsFor(shape, quads)}u;
const LAYER = ${4 * quads * quads + quads}u;  // vectors of a hidden layer's weights and bias
`;
}

/**
 * WGSL of the ConditionalMLP's velocity and divergence (ops/mlp_field/contract.ts) for the rows of a
 * workgroup. A thread has some rows and quads of features (tiles/thread_tile.ts), with the value and tangents of `tile.columns`
 * columns at a time: column 0 is the value, column k the tangent along direction k of the trace.
 *
 * `field(x, out, t, row, q, lid)` reads positions from `state[x + row * WIDTH + d]` and writes (f, -div f) to
 * `state[out + ...]`. Before it a barrier must have made x visible, after it one must make the slope visible.
 * `fieldDirections(q, ids)` comes first with Hutchinson's estimator.
 *
 * The shader has `weights` (packed_weights.ts), `state`, and with probes `probes` [rows, dims].
 */
export function fieldWgsl(shape: FieldShape): string {
  const { trace, tile } = shape;
  const at = packedWeights(shape), { quads } = at;
  const width = widthOf(shape), passes = passesOf(shape);
  const columns = range(tile.columns), places = tileRange(tile);
  const isTraced = trace !== "none", isBlocked = passes > 1;
  const directions = directionsWgsl(shape);
  const directionRow = (of: "w0" | "w3t", column: number, place: TilePlace) =>
    directions.row(of, isBlocked ? `turn * ${tile.columns}u + ${column}u` : column, place);
  // Of a single pass column 0 is the value; of several the first one's.
  const isValue = (column: number) => column === 0 && !isBlocked;
  const valueOr = (column: number, value: string, tangent: string) =>
    column > 0 ? tangent : isBlocked ? `select(${tangent}, ${value}, turn == 0u)` : value;
  const planes = (entry: (column: number) => string) => `Planes(${columns.map(entry).join(", ")})`;
  const perPlace = (body: (place: TilePlace) => string) => places.map(body).join("\n");
  return `
${tileConstants(shape)}
const WIDTH = ${width}u;    // columns of the state

/** Columns of four features: the value, or tangents. */
struct Planes { ${columns.map((c) => `c${c}: vec4f`).join(", ")} }
${fieldPrelude(shape)}
${directions.code}
fn field(x: u32, out: u32, t: f32, row: u32, q: u32, lid: u32) {
${
    firstLayerWgsl(shape, {
      time: "t",
      position: (r, d) => `state[x + (row + ${r}u) * WIDTH + ${d}]`,
    })
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
    perPlace((place) => {
      const { rc, r, c } = place;
      const entry = (column: number) =>
        isValue(column)
          ? `h${rc}`
          : valueOr(column, `h${rc}`, `s${rc} * ${directionRow("w0", column, place)}`);
      return `  planes[row + ${r}u][q${c}] = ${planes(entry)};`;
    })
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
      ? perPlace((place) =>
        columns.filter((k) => !isValue(k)).map((k) =>
          `  ${
            k === 0 ? "if (turn > 0u) { " : ""
          }share${place.rc} = addDot(share${place.rc}, a${k}_${place.rc}, ${
            directionRow("w3t", k, place)
          });${k === 0 ? " }" : ""}`
        ).join("\n")
      )
      : ""
  }
${isBlocked ? "  }\n" + perPlace(({ rc }) => `  h${rc} = value${rc};`) : ""}
${
    featureSumsWgsl(shape, {
      columns: width,
      term: ({ rc, c }) =>
        `var term = ${
          isTraced ? `-share${rc}` : "0.0"
        }; if (column < D) { term = addDot(0.0, h${rc}, weights[${at.w3t}u + column * Q + q${c}]); }`,
      begin: `if (column < D) { sum = weights[${at.b3}u + column / 4u][column % 4u]; }`,
      store: "state[out + tileRow * WIDTH + column] = sum;",
    })
  }
}
`;
}
