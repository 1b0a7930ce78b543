/**
 * Last step of unpacking (launcher.sh): place.js NEW DIR
 *
 * Flushes every file of NEW to disk, then renames it into DIR. A file appears in DIR completely or
 * not at all, even after a power failure; one placed there by a concurrent start is replaced by the
 * same bytes. That this script runs also proves that the runtime works here (a folder may be
 * mounted noexec).
 */
const [from, to] = Deno.args;

/** Flushes a file or folder to disk. */
function sync(path) {
  const file = Deno.openSync(path);
  file.syncSync();
  file.close();
}

const names = [...Deno.readDirSync(from)]
  .filter((entry) => entry.isFile && entry.name !== "place.js")
  .map((entry) => entry.name);
for (const name of names) sync(`${from}/${name}`);
Deno.mkdirSync(to, { recursive: true, mode: 0o700 });
for (const name of names) Deno.renameSync(`${from}/${name}`, `${to}/${name}`);
sync(to);
