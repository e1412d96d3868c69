/** Something read from a file, or the reason why it could not be, with the number of its line (from 1). */
export type Read<T> = { line: number; value: T } | { line: number; reason: string }

/** A file that cannot be read at all; the message is for people. */
export class FileError extends Error {}
