/** A set of numbers that are not much larger than how many there are. */
export class NumberSet {
  #bits = new Uint32Array(1024)

  /** Adds them all; 0 stands for none. Kept like the others, which costs less than to look whether it is one, and never counted. */
  addAll(numbers: Uint32Array): void {
    let bits = this.#bits
    for (let at = 0; at < numbers.length; at++) {
      const number = numbers[at] ?? 0
      const word = number >>> 5
      if (word >= bits.length) bits = this.#grow(word)
      bits[word] = (bits[word] ?? 0) | (1 << (number & 31))
    }
  }

  addSet(other: NumberSet): void {
    const added = other.#bits
    const bits = added.length > this.#bits.length ? this.#grow(added.length - 1) : this.#bits
    for (let word = 0; word < added.length; word++) bits[word] = (bits[word] ?? 0) | (added[word] ?? 0)
  }

  clear(): void {
    this.#bits.fill(0)
  }

  get bytes(): number {
    return this.#bits.byteLength
  }

  get size(): number {
    let size = -((this.#bits[0] ?? 0) & 1)
    const bits = this.#bits
    for (let word = 0; word < bits.length; word++) size += bitsOf(bits[word] ?? 0)
    return size
  }

  #grow(word: number): Uint32Array<ArrayBuffer> {
    const grown = new Uint32Array(Math.max(this.#bits.length * 2, word + 1))
    grown.set(this.#bits)
    this.#bits = grown
    return grown
  }
}

function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
