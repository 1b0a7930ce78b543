/** Python and the versions of the peers' packages; null if not installed. */
export interface Python {
  readonly program: string;
  readonly version: string;
  readonly packages: Readonly<Record<Package, string | null>>;
}

/** A package that peers need. */
export type Package = typeof packages[number];

const packages = ["torch", "torchdiffeq", "jax", "diffrax", "optax", "sklearn"] as const;

/** By name alone: importing PyTorch and JAX takes seconds. */
const PROBE = `
import importlib.metadata, importlib.util, json, platform, sys
def version(name):
    if importlib.util.find_spec(name) is None:
        return None
    try:
        return importlib.metadata.version({"sklearn": "scikit-learn"}.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
found = {name: version(name) for name in sys.argv[1:]}
print(json.dumps({"version": platform.python_version(), "packages": found}))
`;

/**
 * The interpreter of the peers.
 *
 * @param given Of `--python`; without it `python3` from PATH, else the system's.
 * @throws {Error} If the given one does not start; null if none was given and none is found.
 */
export async function findPython(given: string | null): Promise<Python | null> {
  if (given !== null) {
    const found = await probe(given);
    if (found === null) throw new Error(`--python ${given}: is no Python that starts`);
    return found;
  }
  for (const program of ["python3", "/usr/bin/python3"]) {
    const found = await probe(program);
    if (found !== null && hasAny(found)) return found;
  }
  return null;
}

function hasAny({ packages: { torch, jax } }: Python): boolean {
  return torch !== null || jax !== null;
}

async function probe(program: string): Promise<Python | null> {
  try {
    const command = new Deno.Command(program, {
      args: ["-c", PROBE, ...packages],
      stderr: "null",
    });
    const { success, stdout } = await command.output();
    return success ? { program, ...JSON.parse(new TextDecoder().decode(stdout)) } : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return null;
    }
    throw error;
  }
}

/** One line about the interpreter: its packages, and what is missing. */
export function pythonText(python: Python | null): string {
  if (python === null) {
    return "no python3 with PyTorch or JAX: rows that compare with them are skipped";
  }
  const entries = Object.entries(python.packages);
  const found = entries.filter(([, version]) => version !== null).map((entry) => entry.join(" "));
  const missing = entries.filter(([, version]) => version === null).map(([name]) => name);
  return [
    `Python ${python.version}`,
    ...found,
    ...(missing.length === 0 ? [] : [`without ${missing.join(", ")}, whose peers are skipped`]),
  ].join(", ");
}
