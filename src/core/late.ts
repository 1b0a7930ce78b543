/**
 * A value that may still be on a device: the call reads it, and may wait for the device.
 *
 * A value that is never read costs nothing. Start several reads together: their latencies overlap.
 */
export type Late<T> = () => Promise<T>;

/** A {@link Late} value that is already available. */
export function ready<T>(value: T): Late<T> {
  return () => Promise.resolve(value);
}
