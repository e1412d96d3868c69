/** Text files as a spreadsheet or another program writes them. */
export type FileEncoding = 'UTF-8' | 'UTF-16LE' | 'UTF-16BE' | 'latin1'

export function fileBytes(text: string, encoding: FileEncoding = 'UTF-8'): Buffer {
  if (encoding === 'UTF-8') return Buffer.from(text)
  if (encoding === 'latin1') return Buffer.from(text, 'latin1')
  const bytes = Buffer.from(text, 'utf16le')
  return encoding === 'UTF-16LE' ? bytes : bytes.swap16()
}

/** The bytes in pieces, as a file or a pipe gives them. */
export async function* inChunks(bytes: Buffer | string, size = 64 * 1024): AsyncGenerator<Buffer> {
  const whole = Buffer.from(bytes)
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}
