/** Message to the signal worker. */
export interface SignalOrders {
  readonly signals: readonly Deno.Signal[];
  /** [1]: set to the index of the first signal, counted from 1. */
  readonly heard: Int32Array;
  /** [1]: see stop.ts. */
  readonly stopWord: Int32Array;
  /** Text to write to stderr at the first signal. */
  readonly notice: Uint8Array;
  /** Milliseconds after the first signal in which others are taken for it. */
  readonly sameMs: number;
}
