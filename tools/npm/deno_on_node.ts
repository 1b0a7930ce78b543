/**
 * Shims for what Fluxion uses of Deno and Node.js 22 lacks; tools/pack.ts injects them into the npm
 * package's modules.
 *
 * Node.js has no file locks, so `tryLock` throws NotSupported and callers continue without a lock.
 */
import { constants, fsyncSync, promises as fs, type Stats, writeSync } from "node:fs";
import os from "node:os";
import process from "node:process";

/** An error class with the name of Deno's. */
function errorClass(name: string) {
  return class extends Error {
    override readonly name = name;
  };
}

const errors = {
  AlreadyExists: errorClass("AlreadyExists"),
  IsADirectory: errorClass("IsADirectory"),
  NotADirectory: errorClass("NotADirectory"),
  NotCapable: errorClass("NotCapable"),
  NotFound: errorClass("NotFound"),
  NotSupported: errorClass("NotSupported"),
  PermissionDenied: errorClass("PermissionDenied"),
};

const classes: Readonly<Record<string, new (message: string) => Error>> = {
  EACCES: errors.PermissionDenied,
  EEXIST: errors.AlreadyExists,
  EISDIR: errors.IsADirectory,
  ENOENT: errors.NotFound,
  ENOTDIR: errors.NotADirectory,
  EPERM: errors.PermissionDenied,
};

/** Converts a Node.js error to Deno's: "no such file or directory (os error 2): stat 'x'". */
function translated(error: unknown): unknown {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || errno === undefined) return error;
  const [, words, call] = /^\w+: ([^,]*)(?:, (.*))?$/s.exec(message) ?? [null, message, undefined];
  const text = `${words} (os error ${-errno})${call === undefined ? "" : `: ${call}`}`;
  return Object.assign(new (classes[code] ?? Error)(text), { code });
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(error);
  }
}

function fileInfo(stats: Stats) {
  return {
    isFile: stats.isFile(),
    isDirectory: stats.isDirectory(),
    isSymlink: stats.isSymbolicLink(),
    size: stats.size,
    mtime: stats.mtime,
    ino: stats.ino,
  };
}

class FsFile {
  readonly #handle: fs.FileHandle;
  /** Position of the next read or write; null for the system's position, as in a pipe. */
  #position: number | null = null;

  constructor(handle: fs.FileHandle) {
    this.#handle = handle;
  }

  stat() {
    return attempt(async () => fileInfo(await this.#handle.stat()));
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return attempt(async () => {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#position);
      if (this.#position !== null) this.#position += bytesRead;
      return bytesRead === 0 ? null : bytesRead;
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    return attempt(async () => {
      const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, this.#position);
      if (this.#position !== null) this.#position += bytesWritten;
      return bytesWritten;
    });
  }

  writeSync(bytes: Uint8Array): number {
    try {
      return writeSync(this.#handle.fd, bytes, 0, bytes.length, this.#position);
    } catch (error) {
      throw translated(error);
    }
  }

  /** Supports `SeekMode.Start` only. */
  seek(offset: number): Promise<number> {
    this.#position = offset;
    return Promise.resolve(offset);
  }

  truncate(size = 0): Promise<void> {
    return attempt(() => this.#handle.truncate(size));
  }

  sync(): Promise<void> {
    return attempt(() => this.#handle.sync());
  }

  syncSync(): void {
    try {
      fsyncSync(this.#handle.fd);
    } catch (error) {
      throw translated(error);
    }
  }

  tryLock(): Promise<boolean> {
    return Promise.reject(new errors.NotSupported("Node.js has no file locks"));
  }

  close(): void {
    this.#handle.close().catch(() => {});
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

interface OpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  readonly create?: boolean;
  readonly createNew?: boolean;
}

function open(path: string, options: OpenOptions = {}): Promise<FsFile> {
  const { read, write, append, create, createNew } = options;
  const writes = write === true || append === true;
  const flags = (writes ? read === true ? constants.O_RDWR : constants.O_WRONLY : 0) |
    (append === true ? constants.O_APPEND : 0) |
    (create === true || createNew === true ? constants.O_CREAT : 0) |
    (createNew === true ? constants.O_EXCL : 0);
  return attempt(async () => new FsFile(await fs.open(path, flags)));
}

async function* readDir(path: string) {
  for (const entry of await attempt(() => fs.readdir(path, { withFileTypes: true }))) {
    yield { name: entry.name, isFile: entry.isFile(), isDirectory: entry.isDirectory() };
  }
}

function remove(path: string, { recursive = false } = {}): Promise<void> {
  return attempt(async () => {
    if (recursive) await fs.rm(path, { recursive });
    else if ((await fs.lstat(path)).isDirectory()) await fs.rmdir(path);
    else await fs.unlink(path);
  });
}

/** Half-precision number from its bits (IEEE 754-2019, binary16). */
function fromHalf(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  const magnitude = exponent === 0
    ? fraction / 1024 * 2 ** -14
    : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return sign * magnitude;
}

/** Read-only fallback for Float16Array, which Node.js has since version 24. */
export const Float16Array = globalThis.Float16Array ?? class extends Float32Array {
  constructor(buffer: ArrayBuffer) {
    super(Array.from(new Uint16Array(buffer), fromHalf));
  }
};

/** Replacement for the global `Deno`. */
export const Deno = {
  errors,
  SeekMode: { Start: 0 },
  build: {
    os: process.platform === "win32" ? "windows" : process.platform,
    arch: process.arch === "x64" ? "x86_64" : process.arch === "arm64" ? "aarch64" : process.arch,
  },
  version: { deno: `Node.js ${process.versions.node}`, v8: process.versions.v8, typescript: "" },
  env: {
    has: (name: string): boolean => name in process.env,
    set: (name: string, value: string): void => void (process.env[name] = value),
  },
  permissions: { querySync: () => ({ state: "granted" }) },
  systemMemoryInfo: () => ({ total: os.totalmem(), available: os.freemem() }),
  stat: (path: string) => attempt(async () => fileInfo(await fs.stat(path))),
  lstat: (path: string) => attempt(async () => fileInfo(await fs.lstat(path))),
  mkdir: (path: string, options?: { recursive: boolean }) =>
    attempt(async () => void (await fs.mkdir(path, options))),
  rename: (from: string, to: string) => attempt(() => fs.rename(from, to)),
  readFile: (path: string) => attempt(async () => new Uint8Array(await fs.readFile(path))),
  open,
  readDir,
  remove,
};
