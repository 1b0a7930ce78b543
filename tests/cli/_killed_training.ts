/**
 * A training process that kills itself at a call that changes the disk: `_killed_training.ts N ARGS`
 * runs `fluxion ARGS` and is killed just before call number N, from 1; a write is half done. With
 * N = 0 it survives, and before call number i, at the same half of a write, it copies what is in its
 * folder to `../i`; its last line is the number of calls.
 */
import { runProgram } from "../../cli/program.ts";

const [point, ...args] = Deno.args;
const fatal = Number(point);
const { open, rename, mkdir, remove, mkdirSync, copyFileSync } = Deno;
let calls = 0;

/**
 * Counts a call; does not return from the fatal one.
 *
 * @param half Writes half of what is written by the call, if it writes.
 * @returns What `half` returned, if it was called.
 */
function pass(half: () => number = () => 0): number {
  calls++;
  if (fatal !== 0 && calls !== fatal) return 0;
  const written = half();
  if (fatal === 0) {
    copyWhole(".", `../${calls}`);
    return written;
  }
  Deno.kill(Deno.pid, "SIGKILL");
  // The signal may take a moment, during which nothing else may happen.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return written;
}

/** Copies a folder; once more if a rename that was under way took a file away. */
function copyWhole(from: string, to: string): void {
  for (;;) {
    try {
      return copyFolder(from, to);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      Deno.removeSync(to, { recursive: true });
    }
  }
}

function copyFolder(from: string, to: string): void {
  mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    (isDirectory ? copyFolder : copyFileSync)(`${from}/${name}`, `${to}/${name}`);
  }
}

const file = Deno.FsFile.prototype;
const { write, writeSync, sync, syncSync } = file;
file.write = async function (bytes) {
  const half = pass(() => writeSync.call(this, bytes.subarray(0, bytes.length / 2)));
  return half + await write.call(this, bytes.subarray(half));
};
file.writeSync = function (bytes) {
  const half = pass(() => writeSync.call(this, bytes.subarray(0, bytes.length / 2)));
  return half + writeSync.call(this, bytes.subarray(half));
};
file.sync = function () {
  pass();
  return sync.call(this);
};
file.syncSync = function () {
  pass();
  return syncSync.call(this);
};
Deno.open = (path, options) => {
  // Folders are opened to be flushed.
  if (options?.create || options?.createNew) pass();
  return open(path, options);
};
Deno.rename = (...paths) => {
  pass();
  return rename(...paths);
};
Deno.mkdir = (...given) => {
  pass();
  return mkdir(...given);
};
Deno.remove = (...given) => {
  pass();
  return remove(...given);
};

const code = await runProgram(args);
if (code !== 0) throw new Error(`exit code ${code}`);
console.log(calls);
