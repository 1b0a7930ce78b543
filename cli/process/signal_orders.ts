/** What the worker that hears signals is told. */
export interface SignalOrders {
  readonly signals: readonly Deno.Signal[];
  /** [1]: receives the number of the signal that came first, from 1. */
  readonly heard: Int32Array;
  /** [1]: see stop.ts. */
  readonly stopWord: Int32Array;
  /** To be written to stderr. */
  readonly words: Uint8Array;
}
