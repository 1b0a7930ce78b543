/** Ends the program as bad usage does, with the message of an error. */
export function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(2);
}

/** What `parse` gives; if it throws, the program {@link fail fails}. */
export function orExit<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    return fail(error);
  }
}
