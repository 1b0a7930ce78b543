/**
 * A value that may still be on its way from a device: the call reads it, and may wait for the device.
 *
 * What is never read costs nothing. Begin several reads together: their waits overlap.
 */
export type Late<T> = () => Promise<T>;

/** A value that is there already. */
export function ready<T>(value: T): Late<T> {
  return () => Promise.resolve(value);
}

/** `f` of a late value, late too; `f` runs once, however often it is read. */
export function late<T, U>(value: Late<T>, f: (value: T) => U | Promise<U>): Late<U> {
  let result: Promise<U> | undefined;
  return () => result ??= value().then(f);
}
