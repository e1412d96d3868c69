import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Debian's linux-libc-dev. */
const numbersFile = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'
const auditX86 = 0xc000003e
const families: Record<string, number> = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 }
const errors: Record<string, number> = { EPERM: 1, EAFNOSUPPORT: 97 }

const [loadWord, jumpEqual, jumpSet, give] = [0x20, 0x15, 0x45, 0x06]
const [allow, killProcess, failWith] = [0x7fff0000, 0x80000000, 0x00050000]
const [callNumber, architecture, firstArgument] = [0, 4, 16]

type Instruction = [code: number, ifTrue: number, ifFalse: number, value: number]

/**
 * What systemd makes of `SystemCallFilter`, `SystemCallErrorNumber` and `RestrictAddressFamilies` of a unit, as a program of classic
 * BPF for seccomp(2), on x86-64. The sets of system calls are those of the systemd that is installed.
 */
export async function compileFilter(unit: string): Promise<Buffer> {
  const settings = unit.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    return name === '' ? [] : [{ name, words: value.split(' ') }]
  })
  const wordsOf = (name: string) => settings.filter((setting) => setting.name === name).map(({ words }) => words)
  const allowed = new Set<string>()
  for (const [first = '', ...others] of wordsOf('SystemCallFilter')) {
    const words = [first.replace('~', ''), ...others]
    for (const word of words) {
      for (const call of await callsOf(word)) first.startsWith('~') ? allowed.delete(call) : allowed.add(call)
    }
  }
  const [[errorName = ''] = []] = wordsOf('SystemCallErrorNumber')
  const refusal = errorName === '' ? killProcess : failWith | (errors[errorName] ?? 0)
  const sockets = wordsOf('RestrictAddressFamilies').flat()
  const numbers = await callNumbers()

  const program: Instruction[] = [
    [loadWord, 0, 0, architecture],
    [jumpEqual, 1, 0, auditX86],
    [give, 0, 0, killProcess],
    [loadWord, 0, 0, callNumber],
    // Calls of the 32-bit x32 interface.
    [jumpSet, 0, 1, 0x40000000],
    [give, 0, 0, killProcess],
    [jumpEqual, 0, 2 + 2 * sockets.length, numbers.get('socket') ?? -1],
    [loadWord, 0, 0, firstArgument],
    ...sockets.flatMap((family): Instruction[] => [
      [jumpEqual, 0, 1, families[family] ?? -1],
      [give, 0, 0, allow],
    ]),
    [give, 0, 0, failWith | (errors.EAFNOSUPPORT ?? 0)],
  ]
  for (const call of allowed) {
    const number = numbers.get(call)
    // Names of other architectures have no number here.
    if (number !== undefined) program.push([jumpEqual, 0, 1, number], [give, 0, 0, allow])
  }
  program.push([give, 0, 0, refusal])

  const bytes = Buffer.alloc(8 * program.length)
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index)
    bytes.writeUInt8(ifTrue, 8 * index + 2)
    bytes.writeUInt8(ifFalse, 8 * index + 3)
    bytes.writeUInt32LE(value >>> 0, 8 * index + 4)
  }
  return bytes
}

/** Names of system calls in a set such as `@system-service`, with those of the sets in it. */
async function callsOf(word: string): Promise<string[]> {
  if (!word.startsWith('@')) return [word]
  const { stdout } = await run('systemd-analyze', ['syscall-filter', word])
  const inner = stdout.split('\n').flatMap((line) => /^ {4}([@\w-]+)$/.exec(line)?.[1] ?? [])
  return (await Promise.all(inner.map(callsOf))).flat()
}

async function callNumbers(): Promise<Map<string, number>> {
  const text = await readFile(numbersFile, 'utf8')
  return new Map(
    [...text.matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(([, name = '', number]) => [name, Number(number)]),
  )
}
