/** All items of an asynchronous sequence: `Array.fromAsync` is not in Node 20. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}
