/** A permission set in the format of `deno.json`. */
export type PermissionSet = Readonly<Record<string, true | readonly string[]>>;

/** Command-line flags for a permission set: `--allow-read`, `--allow-env=HOME,TMPDIR`. */
export function permissionFlags(permissions: PermissionSet): string[] {
  return Object.entries(permissions).map(([name, what]) =>
    what === true ? `--allow-${name}` : `--allow-${name}=${what.join(",")}`
  );
}
