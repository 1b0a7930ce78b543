/** The implementation of a command. */
type Work<Flags, Args extends readonly unknown[]> = (flags: Flags, ...args: Args) => Promise<void>;

/**
 * Makes a command's loader that checks the combination of options before it loads the implementation,
 * so that bad usage is reported as fast as `version`.
 *
 * @param check Throws if the options do not go together.
 * @param load Loads the implementation.
 */
export function checkFirst<Flags, Args extends readonly unknown[]>(
  check: (flags: NoInfer<Flags>, args: NoInfer<Args>) => void,
  load: () => Promise<Work<Flags, Args>>,
): () => Promise<Work<Flags, Args>> {
  return () =>
    Promise.resolve(async (flags, ...args) => {
      check(flags, args);
      const work = await load();
      await work(flags, ...args);
    });
}
