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

/** Classifies an error; null if it is not a system error, or not one listed above. */
export function systemFault(error: unknown): SystemFault | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof Deno.errors.NotFound) return "gone";
  const number = Number(/os error (\d+)/.exec(error.message)?.[1]);
  const { os } = Deno.build;
  return numbers[os === "windows" || os === "darwin" ? os : "linux"][number] ?? null;
}

/** The system's message, without the call and path that the runtime appends. */
export function systemWords(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/: [a-z]+ '.*'$/s, "");
}
