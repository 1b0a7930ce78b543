/** The standard input, piece by piece to its end. */
export function readStdin(): AsyncIterable<Uint8Array<ArrayBuffer>> {
  return Deno.stdin.readable;
}
