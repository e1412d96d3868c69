import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { exists, probeName, segmentSuffix, syncFolder } from './spool-folder.js'

/** A file that is being appended to. One write at a time. */
export class OpenSegment {
  readonly path: string
  readonly #file: FileHandle
  /** What is safe in it. */
  bytes = 0

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  /** @throws the system's error when the file cannot be made */
  static async create(folder: string): Promise<OpenSegment> {
    // Named by time, so that names sort as they were made, also among those of other processes.
    const path = join(folder, uuidv7() + segmentSuffix)
    const segment = new OpenSegment(path, await open(path, 'ax', 0o600))
    try {
      await syncFolder(folder)
      return segment
    } catch (error) {
      await segment.close()
      throw error
    }
  }

  /**
   * Appends and waits for the disk.
   *
   * @returns false when another process has taken the file meanwhile: then it may not have seen these bytes
   * @throws the system's error; the file ends where it did before, as far as the disk still obeys
   */
  async append(bytes: Buffer): Promise<boolean> {
    try {
      await writeAll(this.#file, bytes)
      await this.#file.datasync()
    } catch (error) {
      await this.#file.truncate(this.bytes).catch(() => {})
      throw error
    }
    this.bytes += bytes.length
    return exists(this.path)
  }

  /** Closes the file, and removes it when nothing is in it. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => {})
    if (this.bytes === 0) await rm(this.path, { force: true }).catch(() => {})
  }
}

/** When a file was made, by its name, in Unix milliseconds. */
export function segmentTime(path: string): number {
  return Number.parseInt(basename(path).replaceAll('-', '').slice(0, 12), 16)
}

/** What some hundred visits take. */
const probeBytes = 256 * 1024

/** Whether the folder's disk takes the visits of a moment, without leaving anything there. */
export async function tryDisk(folder: string): Promise<void> {
  const path = join(folder, probeName)
  const file = await open(path, 'w', 0o600)
  try {
    await writeAll(file, Buffer.alloc(probeBytes))
    await file.datasync()
  } finally {
    await file.close()
    await rm(path, { force: true })
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done)
    done += bytesWritten
  }
}
