import type {
  ColumnKind,
  LogProbTerms,
  SolveSettings,
  Standardization,
  TraceSettings,
} from "@fluxion/fluxion/program";
import type { PixelLevels } from "@fluxion/fluxion/data";

/** Log-likelihoods of rows and what they are made of. */
export interface Explained {
  /** [n], nats; with `discrete` the discrete pixels'. */
  readonly logProb: Float64Array;
  readonly terms: LogProbTerms;
  /** Of images whose pixels have levels; null for densities. */
  readonly discrete: {
    readonly levels: PixelLevels;
    readonly levelVolume: number;
    readonly bitsPerDim: Float64Array;
  } | null;
}

/** How they were computed. */
export interface Computed {
  /** Numbers per row in model units. */
  readonly dims: number;
  /** What the columns of its table are; null if all are real, and for images. */
  readonly columns: readonly ColumnKind[] | null;
  /** How its points are standardised; null if they are not. */
  readonly standardize: Standardization["kind"] | null;
  readonly source: string;
  readonly settings: SolveSettings;
  readonly trace: TraceSettings;
}

/** A column of the table: its name, and its values or the one that all rows have. */
type Column = readonly [name: string, values: Float64Array | number];

/** The columns of `--explain`: what is asked for first, then the terms that add up to `logProb`. */
export function explainedColumns({ logProb, terms, discrete }: Explained): readonly Column[] {
  const { source, trace, traceStdErr, scale, volume } = terms;
  return [
    ...(discrete === null ? [] : [["bitsPerDim", discrete.bitsPerDim] as const]),
    ["logProb", logProb],
    ["source", source],
    ["trace", trace],
    ...(traceStdErr === null ? [] : [["traceStdErr", traceStdErr] as const]),
    discrete === null ? ["scale", scale] : ["levels", discrete.levelVolume],
    ...(volume === null ? [] : [["volume", volume] as const]),
  ];
}

/** What the columns mean, and which constants, choices and tolerances are in them: lines for people. */
export function explanation(explained: Explained, computed: Computed): readonly string[] {
  const { terms, discrete } = explained;
  const { dims, columns, source, settings: { control, controlGroup, tableau } } = computed;
  const last = discrete === null ? "scale" : "levels";
  const solver = control.kind === "fixed"
    ? `${control.steps} fixed steps`
    : `rtol ${control.rtol}, atol ${control.atol}`;
  const normal = `; ${dims} dimensions: ${shown(-dims / 2 * Math.log(2 * Math.PI))} of it are ` +
    `-${dims}/2 log(2 pi)`;
  return [
    `logProb = source + trace + ${last}${terms.volume === null ? "" : " + volume"}, in nats`,
    `source: log-density of the source (${source}) where the row's trajectory ends` +
    (source === "standard-normal" ? normal : ""),
    `trace: integral of tr(df/dz) along the trajectory from the source to the row, ` +
    traceWords(computed.trace, dims),
    discrete === null ? scaleWords(terms.scale, computed) : levelWords(discrete, dims),
    ...(columns === null ? [] : [volumeWords(columns)]),
    ...(discrete === null ? [] : [`bitsPerDim = -logProb / (${dims} log 2)`]),
    `solver: ${tableau.name}, ${solver}, control group ${controlGroup}`,
  ];
}

/** Rows whose probes agree are mentioned if there is more than one in this many. */
const RARE = 1000;

function traceWords(trace: TraceSettings, dims: number): string {
  if (trace.kind === "exact") return "exact";
  const { distribution, count = 1 } = trace;
  // Signs agree with the first probe's, or are all opposite: e and -e give the same e.(J e).
  const rowsPerAgreement = 2 ** ((dims - 1) * (count - 1));
  const agreeing = distribution === "rademacher" && dims > 1 && rowsPerAgreement < RARE
    ? `; it is 0 where all signs agree, as in one row of ${rowsPerAgreement}, though trace is not ` +
      "exact there: --probes gaussian has no such rows"
    : "";
  return `hutchinson with ${count} ${distribution} probe${count === 1 ? "" : "s"} per row; ` +
    (count === 1
      ? "one probe tells no standard error, --probe-count 2 or more do"
      : `traceStdErr is its standard error over them, the solver's error not included${agreeing}`);
}

function scaleWords(scale: number, { standardize }: Computed): string {
  const factor = standardize === "whiten" ? ", and -log det of the whitening factor" : "";
  return standardize !== null
    ? `scale: -sum of log(scale) over the standardised columns${factor} = ${shown(scale)}`
    : `scale: ${scale}; the model learnt the numbers as they are`;
}

function volumeWords(columns: readonly ColumnKind[]): string {
  const has = (kind: ColumnKind["kind"]) => columns.some((column) => column.kind === kind);
  const steps = columns.reduce(
    (sum, column) => column.kind === "dequantized" ? sum + Math.log(column.step) : sum,
    0,
  );
  return "volume: " + [
    ...(has("log") ? ["-sum of log(x) over log columns"] : []),
    ...(has("dequantized") ? [`sum of log(step) over dequantized columns = ${shown(steps)}`] : []),
    ...(has("categorical") ? ["0 for categorical columns, whose cells have volume 1"] : []),
    ...(has("dequantized") || has("categorical")
      ? [
        "uniform dequantisation moves a discrete value by (u - 1/2) step, u ~ U(0, 1), one draw per row",
      ]
      : []),
  ].join("; ");
}

function levelWords(
  { levels: { count }, levelVolume }: NonNullable<Explained["discrete"]>,
  dims: number,
): string {
  const most = count - 1;
  const [values, spacing] = count === 2
    ? ["0 or 1", "1"]
    : [`k/${most}, k from 0 to ${most}`, `1/${most}`];
  return `levels: pixels are ${values}; ${dims} log(${spacing}) = ${shown(levelVolume)} is the ` +
    `log-scale of the data map. Uniform dequantisation moves each pixel by (u - 1/2) ${spacing}, ` +
    `u ~ U(0, 1), one draw per image; its width of one level adds ${dims} log(1) = 0`;
}

function shown(value: number): number {
  return Number(value.toPrecision(9));
}
