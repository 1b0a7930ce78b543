/**
 * The last step of unpacking (launcher.sh): place.js NEW DIR
 *
 * Puts every file of NEW on the disk, then moves it into DIR. A file appears in
 * DIR whole or not at all, also after a power cut, and a file that another start
 * has put there is replaced by the same bytes. That it runs shows at the same
 * time that the runtime works here (a folder may be mounted without execution).
 */
const [from, to] = Deno.args;

/** Waits until what was written to a file or folder is on the disk. */
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
