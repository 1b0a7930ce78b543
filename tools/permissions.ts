/** A permission set as `deno.json` names it. */
export type PermissionSet = Readonly<Record<string, true | readonly string[]>>;

/** The flags that give a program exactly this set: `--allow-read`, `--allow-env=HOME,TMPDIR`. */
export function permissionFlags(permissions: PermissionSet): string[] {
  return Object.entries(permissions).map(([name, what]) =>
    what === true ? `--allow-${name}` : `--allow-${name}=${what.join(",")}`
  );
}
