/**
 * Frees the memory behind an array now; it must not be used any more. Megabytes outside V8's heap do
 * not make it collect its garbage, so those of several pictures would add up.
 */
export function freeBytes(bytes: Uint8Array<ArrayBuffer>): void {
  bytes.buffer.transfer(0);
}
