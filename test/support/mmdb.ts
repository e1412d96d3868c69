import { isIPv4 } from 'node:net'

export type MmdbValue = string | number | bigint | boolean | MmdbValue[] | { [key: string]: MmdbValue }

/** A network as text, for example `81.2.69.0/24` or `2001:db8::/32` (written out up to its `::`), and its record. */
export type MmdbNetworks = Record<string, MmdbValue>

/**
 * The bytes of a small MaxMind DB, so that tests need nobody's sample data. Networks must not overlap.
 *
 * Format 2.0, https://maxmind.github.io/MaxMind-DB/: search tree of 24-bit records, 16 zero bytes, data, mark, metadata.
 * As in MaxMind's files, IPv4 lives at ::/96 of an IPv6 tree. Numbers are stored as doubles, bigints as uint32.
 */
export function mmdb(networks: MmdbNetworks, ipVersion: 4 | 6 = 6, built = new Date('2023-11-14T22:13:20Z')): Buffer {
  const tree: TreeNode[] = [[null, null]]
  const records: Buffer[] = []
  let dataBytes = 0
  for (const [network, record] of Object.entries(networks)) {
    insert(tree, bitsOf(network, ipVersion), { at: dataBytes })
    const bytes = encode(record)
    records.push(bytes)
    dataBytes += bytes.length
  }
  const metadata = encode({
    binary_format_major_version: 2n,
    binary_format_minor_version: 0n,
    build_epoch: BigInt(built.getTime() / 1000),
    database_type: 'Test-City',
    description: { en: 'Networks of a test' },
    ip_version: BigInt(ipVersion),
    languages: ['en'],
    node_count: BigInt(tree.length),
    record_size: 24n,
  })
  const mark = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
  return Buffer.concat([treeBytes(tree), Buffer.alloc(16), ...records, mark, metadata])
}

/** A branch leads to a node by its number, to a record by its offset in the data, or nowhere. */
type Branch = number | { at: number } | null
type TreeNode = [Branch, Branch]

function insert(tree: TreeNode[], bits: string, leaf: Branch) {
  let node = 0
  for (const [depth, bit] of [...bits].entries()) {
    const side = bit === '1' ? 1 : 0
    const branches = tree[node] ?? [null, null]
    if (depth === bits.length - 1) {
      branches[side] = leaf
      return
    }
    const next = branches[side]
    if (typeof next === 'number') {
      node = next
    } else {
      node = tree.push([null, null]) - 1
      branches[side] = node
    }
  }
}

function treeBytes(tree: TreeNode[]): Buffer {
  const bytes = Buffer.alloc(tree.length * 6)
  for (const [offset, branch] of tree.flat().entries()) {
    const value = branch === null ? tree.length : typeof branch === 'number' ? branch : tree.length + 16 + branch.at
    bytes.writeUIntBE(value, offset * 3, 3)
  }
  return bytes
}

function bitsOf(network: string, ipVersion: 4 | 6): string {
  const [address = '', length = ''] = network.split('/')
  const binary = (groups: string[], radix: number, width: number) =>
    groups.map((group) => Number.parseInt(group, radix).toString(2).padStart(width, '0')).join('')
  if (!isIPv4(address)) {
    return binary(address.replace('::', '').split(':'), 16, 16).padEnd(128, '0').slice(0, Number(length))
  }
  const bits = binary(address.split('.'), 10, 8).slice(0, Number(length))
  return ipVersion === 6 ? '0'.repeat(96) + bits : bits
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([control(2, text.length), text])
  }
  if (typeof value === 'number') {
    const double = Buffer.alloc(8)
    double.writeDoubleBE(value)
    return Buffer.concat([control(3, 8), double])
  }
  if (typeof value === 'bigint') {
    const uint32 = Buffer.alloc(4)
    uint32.writeUInt32BE(Number(value))
    return Buffer.concat([control(6, 4), uint32])
  }
  if (typeof value === 'boolean') return control(14, value ? 1 : 0)
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)])
  const entries = Object.entries(value)
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, item]) => [encode(key), encode(item)])])
}

/** Type and size. Types above 7 go into a second byte; sizes from 29 to 284 into one more. */
function control(type: number, size: number): Buffer {
  const sizeBits = Math.min(size, 29)
  const head = type > 7 ? [sizeBits, type - 7] : [(type << 5) | sizeBits]
  return Buffer.from(size < 29 ? head : [...head, size - 29])
}
