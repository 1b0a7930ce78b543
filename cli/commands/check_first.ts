/** What a command does with its options and arguments. */
type Work<Flags, Args extends readonly unknown[]> = (flags: Flags, ...args: Args) => Promise<void>;

/**
 * A command that checks that its options go together before it loads what it runs: bad usage is
 * said as fast as the version.
 *
 * @param check Throws where they do not.
 * @param load Loads the work.
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
