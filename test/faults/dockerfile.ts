import { readFileSync } from 'node:fs'

/** A step of a Dockerfile. */
export interface Step {
  instruction: string
  rest: string
}

/** Steps of each stage, in their order. Knows what ours has: no line goes on in the next. */
export function stagesOf(file: string): Step[][] {
  const stages: Step[][] = []
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, instruction = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (instruction === 'FROM') stages.push([])
    if (instruction !== '') stages.at(-1)?.push({ instruction, rest })
  }
  return stages
}

/** The words of an instruction in its JSON form, such as CMD. */
export function wordsOf(stage: Step[], instruction: string): string[] {
  const { rest = '[]' } = stage.find((step) => step.instruction === instruction) ?? {}
  return JSON.parse(rest.slice(rest.indexOf('['))) as string[]
}

/** Variables that a stage sets. */
export function variablesOf(stage: Step[]): Record<string, string> {
  const set = stage.filter(({ instruction }) => instruction === 'ENV').flatMap(({ rest }) => rest.split(' '))
  return Object.fromEntries(set.map((pair) => pair.split('=', 2)))
}
