/**
 * System errors that have their own remedy. The runtime has classes for few of them; the others
 * carry the system's error number in their message.
 */
export type SystemFault =
  /** The disk is full, or the user's quota is used up. */
  | "full"
  /** Exceeds the largest file that the process may write or the file system supports. */
  | "tooLarge"
  /** Device I/O failed, for example during a flush. */
  | "device"
  /** A file or folder does not exist, or no longer exists. */
  | "gone"
  | "nameTooLong"
  | "readOnly"
  /** Symbolic links form a cycle. */
  | "linkLoop"
  /** The limit of open files is reached, for the process or the system. */
  | "tooManyFiles";

/**
 * Error numbers that Linux and macOS share. A closed terminal reports EIO (5) too.
 *
 * Sources: errno(3) of Linux, of macOS; winerror.h.
 */
const posix: Readonly<Record<number, SystemFault>> = {
  5: "device",
  23: "tooManyFiles",
  24: "tooManyFiles",
  27: "tooLarge",
  28: "full",
  30: "readOnly",
};

const numbers: Readonly<
  Record<"linux" | "darwin" | "windows", Readonly<Record<number, SystemFault>>>
> = {
  linux: {
    ...posix,
    36: "nameTooLong",
    40: "linkLoop",
    116: "gone",
    122: "full",
  },
  darwin: {
    ...posix,
    62: "linkLoop",
    63: "nameTooLong",
    69: "full",
    70: "gone",
  },
  windows: {
    4: "tooManyFiles",
    19: "readOnly",
    39: "full",
    112: "full",
    206: "nameTooLong",
    223: "tooLarge",
  },
};

/** The runtime's call at the end of a message: `: rename 'a' -> 'b'`. */
const CALL = /: [a-z_]+ '(.*?)'(?: -> '.*')?$/s;

/** The system's error number in a message. */
const NUMBER = / \(os error (\d+)\)/;

/** Classifies an error; null if it is not a system error, or not one listed above. */
export function systemFault(error: unknown): SystemFault | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof Deno.errors.NotFound) return "gone";
  const number = Number(NUMBER.exec(error.message)?.[1]);
  const { os } = Deno.build;
  return numbers[os === "windows" || os === "darwin" ? os : "linux"][number] ?? null;
}

/** What the runtime's classes of system errors mean; looked up by name, as not every runtime has all. */
const meanings: Readonly<Record<string, string>> = {
  NotFound: "no such file or folder",
  NotADirectory: "a part of the path is a file",
  IsADirectory: "is a folder",
  PermissionDenied: "permission denied",
  NotCapable: "this program has no permission there",
  FilesystemLoop: "symbolic links form a loop",
};

/** What a system error means, in words, without the system's number and the runtime's call. */
export function systemWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return meanings[error.name] ?? error.message.replace(CALL, "").replace(NUMBER, "");
}

/** The path at which a system error occurred; null if the runtime did not say. */
export function systemPath(error: unknown): string | null {
  return error instanceof Error ? CALL.exec(error.message)?.[1] ?? null : null;
}
