/** An event of a stream: `id` without `data` only says how far the stream is. */
export interface StreamEvent {
  /** null: it has no name. */
  name: string | null
  id: string | null
  data: string | null
}

/** Takes a stream of server-sent events apart. What is not a whole event yet waits for the rest. */
export function eventReader(): (text: string) => StreamEvent[] {
  let rest = ''
  return (text) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    return blocks.map((block) => ({ name: field(block, 'event'), id: field(block, 'id'), data: field(block, 'data') }))
  }
}

function field(block: string, name: string): string | null {
  const line = block.split('\n').find((text) => text.startsWith(`${name}: `))
  return line === undefined ? null : line.slice(name.length + 2)
}
