import { isImageNetwork } from "../nn/network.ts";
import { mostRows } from "../ode/solver/rows_memory.ts";
import type { FlowModel, SolveSettings } from "./model.ts";

/** Rows per solve: enough to saturate a CPU; memory does not grow with the request. */
const CHUNK_ROWS = { points: 2048, images: 64 } as const;

/** After a solve in less time than this the next one may have twice as many rows: a stop waits for its end. */
const SHORT_MS = 100;

/**
 * Rows per solve: a multiple of the control group size, so that chunking does not change results.
 * Null for `batch`, where all rows form one group.
 *
 * @param times Number of times at which states are kept.
 * @param most Rows, if no memory limits them. Default: what saturates a CPU.
 */
export function chunkRows(
  { network }: FlowModel,
  settings: SolveSettings,
  times: number = 0,
  most: number = CHUNK_ROWS[isImageNetwork(network) ? "images" : "points"],
): number | null {
  const { controlGroup, tableau } = settings;
  if (controlGroup === "batch") return null;
  const room = mostRows({ width: network.rowWidth, stages: tableau.c.length, times });
  return Math.max(1, Math.floor(Math.min(most, room) / controlGroup)) * controlGroup;
}

/** A solve's result, and what its engine says of the next one. */
export interface SolvedChunk<T> {
  readonly result: T;
  /** `Engine.rowsAtOnce`; 0 where the engine has none. */
  readonly rowsAtOnce: number;
}

/**
 * Rows of one solve after another. On an engine that has room for more than saturate a CPU they double after short
 * solves, because each one waits for the GPU. Results do not depend on them.
 */
export class ChunkPace {
  /** Of the next solve; Infinity with `batch`. */
  rows: number;
  readonly #rowsOf: (most?: number) => number;
  readonly #clock: () => number;

  /**
   * @param times Number of times at which states are kept.
   * @param clock Milliseconds, from any origin.
   */
  constructor(
    model: FlowModel,
    settings: SolveSettings,
    { times = 0, clock = () => performance.now() }: {
      readonly times?: number;
      readonly clock?: () => number;
    } = {},
  ) {
    this.#rowsOf = (most) => chunkRows(model, settings, times, most) ?? Infinity;
    this.#clock = clock;
    this.rows = this.#rowsOf();
  }

  /** Takes the next solve. */
  async timed<T>(solve: () => Promise<SolvedChunk<T>>): Promise<T> {
    const begunMs = this.#clock();
    const { result, rowsAtOnce } = await solve();
    const most = Math.min(2 * this.rows, rowsAtOnce);
    if (most > this.rows && this.#clock() - begunMs < SHORT_MS) this.rows = this.#rowsOf(most);
    return result;
  }
}
