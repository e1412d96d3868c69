import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const mostColours = 256

/** A browser's screenshot with a palette of its 256 commonest colours: a third of the bytes, and no difference that one sees. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, bytes, pixels } = read(png)
  const counts = new Map<number, number>()
  for (let at = 0; at < pixels.length; at += bytes) {
    const colour = pixels.readUIntBE(at, 3)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostColours)
    .map(([colour]) => colour)
  const places = new Map<number, number>()
  const lines = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = pixels.readUIntBE((y * width + x) * bytes, 3)
      const place = places.get(colour) ?? nearest(palette, colour)
      places.set(colour, place)
      lines[y * (width + 1) + 1 + x] = place
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap(partsOf))
  const data = deflateSync(lines, { level: 9, memLevel: 9 })
  return Buffer.concat([signature, chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', data), chunk('IEND')])
}

const partsOf = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255] as const

function nearest(palette: number[], colour: number): number {
  const [r, g, b] = partsOf(colour)
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (const [at, one] of palette.entries()) {
    const [red, green, blue] = partsOf(one)
    const distance = (red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2
    if (distance < least) [best, least] = [at, distance]
  }
  return best
}

/** Pixels of eight bits for each of three or four parts, not interlaced: what browsers write. */
function read(png: Buffer) {
  const data: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  const [width, height, bytes] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3]
  const packed = inflateSync(Buffer.concat(data))
  const line = width * bytes
  const pixels = Buffer.alloc(line * height)
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (line + 1)]
    for (let x = 0; x < line; x++) {
      const at = y * line + x
      const left = x >= bytes ? (pixels[at - bytes] ?? 0) : 0
      const up = y > 0 ? (pixels[at - line] ?? 0) : 0
      const corner = x >= bytes && y > 0 ? (pixels[at - line - bytes] ?? 0) : 0
      const expected = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0
      pixels[at] = (packed[y * (line + 1) + 1 + x] ?? 0) + expected
    }
  }
  return { width, height, bytes, pixels }
}

/** The filter of RFC 2083, section 6.6. */
function paeth(left: number, up: number, corner: number): number {
  const near = left + up - corner
  const [a, b, c] = [Math.abs(near - left), Math.abs(near - up), Math.abs(near - corner)]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
