/** Numbers things by 64 bits that stand for them: the first is 1, and the same bits have the same number for ever. */
export class Numbering {
  count = 0
  #low = new Uint32Array(1024)
  #high = new Uint32Array(1024)
  /** Open addressing: the number of what has its place there, or 0. */
  #places = new Uint32Array(2048)

  get bytes(): number {
    return this.#low.byteLength + this.#high.byteLength + this.#places.byteLength
  }

  numberOf(low: number, high: number): number {
    const mask = this.#places.length - 1
    for (let place = spread(low, high) & mask; ; place = (place + 1) & mask) {
      const found = this.#places[place] ?? 0
      if (found === 0) return this.#add(place, low, high)
      if (this.#low[found] === low && this.#high[found] === high) return found
    }
  }

  /** What has this number. */
  bitsOf(number: number): [low: number, high: number] {
    return [this.#low[number] ?? 0, this.#high[number] ?? 0]
  }

  #add(place: number, low: number, high: number): number {
    const number = ++this.count
    this.#low[number] = low
    this.#high[number] = high
    this.#places[place] = number
    if (number + 1 === this.#low.length) this.#grow()
    return number
  }

  #grow(): void {
    this.#low = doubled(this.#low)
    this.#high = doubled(this.#high)
    this.#places = new Uint32Array(this.#places.length * 2)
    const mask = this.#places.length - 1
    for (let number = 1; number <= this.count; number++) {
      let place = spread(this.#low[number] ?? 0, this.#high[number] ?? 0) & mask
      while (this.#places[place] !== 0) place = (place + 1) & mask
      this.#places[place] = number
    }
  }
}

/** Bits that stand for things may be small numbers themselves. */
function spread(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const made = new Uint32Array(array.length * 2)
  made.set(array)
  return made
}
