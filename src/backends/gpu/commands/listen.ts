type Methods = Record<string, (...given: unknown[]) => unknown>;

/** Names of the methods of an object of WebGPU's. */
function methodsOf(object: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(object)))
    .filter(([name, { value }]) => name !== "constructor" && typeof value === "function")
    .map(([name]) => name);
}

/**
 * Lets an object of WebGPU's tell of calls of its methods, until the function returned is called. Others may listen
 * too: their method is called, and put back.
 *
 * @param options.methods By default all.
 */
export function listen(
  to: object,
  heard: (name: string, given: readonly unknown[], result: unknown) => void,
  { methods = methodsOf(to) }: { readonly methods?: readonly string[] } = {},
): () => void {
  const before = methods.map((name) => [name, Object.getOwnPropertyDescriptor(to, name)] as const);
  for (const name of methods) {
    const method = (to as Methods)[name]!;
    Object.defineProperty(to, name, {
      configurable: true,
      writable: true,
      value: (...given: unknown[]) => {
        const result = method.apply(to, given);
        heard(name, given, result);
        return result;
      },
    });
  }
  return () => {
    for (const [name, own] of before) {
      if (own === undefined) delete (to as Methods)[name];
      else Object.defineProperty(to, name, own);
    }
  };
}
