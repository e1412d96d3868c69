import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export interface Answer {
  status: number
  headers: Record<string, unknown>
  isHead: boolean
  /** As it is sent; a stream is not looked into. */
  payload: unknown
}

export interface ReadDocument {
  /** What an operation's answer has that the document does not say; null when it is all there. */
  problemOf(operationId: string, answer: Answer): string | null
  /** The same where nothing that is documented was asked for: an error in the envelope is right. */
  problemOfError(answer: Answer): string | null
}

const known = new Map<string, ReadDocument>()
const read = new WeakMap<object, ReadDocument>()
const leftOut = new Set(['servers', 'example', 'examples'])

/**
 * Compiled once for all apps whose documents say the same of answers, and only what answers need of it. Addresses of servers and
 * examples say nothing of them.
 */
export function readDocument(document: object): ReadDocument {
  const found = read.get(document)
  if (found !== undefined) return found
  const text = JSON.stringify(document, (key, value) => (leftOut.has(key) ? undefined : value))
  const made = known.get(text) ?? compile(JSON.parse(text))
  known.set(text, made)
  read.set(document, made)
  return made
}

/** As much of the document's shape as is looked at. */
interface Json {
  [key: string]: unknown
  $ref?: string
  operationId?: string
  required?: boolean
  headers?: Record<string, { $ref: string }>
  content?: Record<string, unknown>
}

function compile(document: Json): ReadDocument {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'document')
  const operations = new Map<string, string[]>()
  for (const [path, verbs] of Object.entries(document.paths as Record<string, Record<string, Json>>)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      if (operation.operationId !== undefined) operations.set(operation.operationId, ['paths', path, verb])
    }
  }
  const at = (path: string[]): Json | undefined =>
    path.reduce<Json | undefined>((part, key) => part?.[key] as Json, document)

  const problemAt = (path: string[], answer: Answer): string | null => {
    const described = at(path)
    if (described === undefined) return 'this status is not documented'
    if (described.$ref !== undefined) return problemAt(described.$ref.slice(2).split('/'), answer)
    return headerProblem(described, answer) ?? contentProblem([...path, 'content'], described.content, answer)
  }

  const headerProblem = ({ headers = {} }: Json, answer: Answer) => {
    const missing = Object.entries(headers).filter(([name, { $ref }]) => {
      return at($ref.slice(2).split('/'))?.required === true && answer.headers[name.toLowerCase()] === undefined
    })
    return missing.length === 0 ? null : `without ${missing.map(([name]) => name).join(', ')}`
  }

  const contentProblem = (path: string[], content: Record<string, unknown> | undefined, answer: Answer) => {
    const { payload, isHead } = answer
    const isEmpty = payload === undefined || payload === null || payload === ''
    if (content === undefined) return isEmpty ? null : 'a body where none is documented'
    if (isEmpty && isHead) return null
    const type = String(answer.headers['content-type']).split(';')[0] ?? ''
    if (!(type in content)) return `the type ${type} is not documented`
    if (type !== 'application/json') return null
    const validate = ajv.getSchema(pointer([...path, type, 'schema'])) as ValidateFunction
    return validate(JSON.parse(String(payload))) ? null : ajv.errorsText(validate.errors, { dataVar: 'body' })
  }

  const names = Object.keys(at(['components', 'responses']) ?? {})
  return {
    problemOf: (operationId, answer) => {
      const path = operations.get(operationId)
      return path === undefined ? 'no such operation' : problemAt([...path, 'responses', String(answer.status)], answer)
    },
    problemOfError: (answer) => {
      // Whichever of the common errors fits: their bodies have their code.
      if (answer.status === 405) return answer.headers.allow === undefined ? 'without Allow' : null
      const problems = names.map((name) => problemAt(['components', 'responses', name], answer))
      if (!problems.includes(null)) return 'no error that is documented'
      if (answer.isHead) return null
      return JSON.parse(String(answer.payload)).code === answer.status ? null : 'the code is not the status'
    },
  }
}

const pointer = (path: string[]) =>
  `document#/${path.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`
