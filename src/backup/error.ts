/** A backup cannot be made or restored: one line for whoever asked for it. */
export class BackupError extends Error {}

/** The file is not what was written. */
export class DamagedFile extends BackupError {}
