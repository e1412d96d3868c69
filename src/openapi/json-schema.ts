import { z } from 'zod'

export type JsonSchema = { [keyword: string]: unknown }

/** Schemas that others refer to, by the `id` in their `.meta()`. */
export type Components = Record<string, JsonSchema>

type Direction = 'input' | 'output'

/**
 * A zod schema as the document has it: what requests may send (`input`) or what answers hold (`output`). The same object for the
 * same schema, not to be changed.
 *
 * @param components is given the schemas that have an `id`
 * @throws Error where one id stands for two schemas, or where JSON Schema has no word for a check: `.meta()` must say it there
 */
export function jsonSchema(schema: z.ZodType, io: Direction, components: Components): JsonSchema {
  const { root, definitions } = convert(schema, io)
  for (const [id, definition] of Object.entries(definitions)) {
    const known = components[id] ?? definition
    if (known !== definition && JSON.stringify(known) !== JSON.stringify(definition)) {
      throw new Error(`Two schemas of the document have the id ${id}.`)
    }
    components[id] = definition
  }
  return root
}

interface Converted {
  root: JsonSchema
  definitions: Components
}

const converted = { input: new WeakMap<z.ZodType, Converted>(), output: new WeakMap<z.ZodType, Converted>() }

/** Once for each schema: it takes several times as long as everything else of the document. */
function convert(schema: z.ZodType, io: Direction): Converted {
  const known = converted[io].get(schema)
  if (known !== undefined) return known
  const { $schema, ...whole } = z.toJSONSchema(schema, {
    io,
    unrepresentable: ({ zodSchema }) => (zodSchema._zod.def.type === 'undefined' ? refused : undefined),
    override: ({ zodSchema, jsonSchema }) => Object.assign(jsonSchema, saidOf(zodSchema), plainly(jsonSchema)),
  })
  const { $defs: definitions = {}, ...root } = withComponentRefs(whole) as JsonSchema & { $defs?: Components }
  const made = { root, definitions }
  converted[io].set(schema, made)
  return made
}

/** What a parameter that is there to be refused accepts. */
const refused = { not: {} }

export function isRefused(schema: JsonSchema): boolean {
  return JSON.stringify(schema.not) === '{}'
}

/** What says nothing, or the same at greater length. */
function plainly({ additionalProperties, propertyNames }: JsonSchema): JsonSchema {
  return {
    ...(isRefused({ ...(additionalProperties as object) }) && { additionalProperties: false }),
    ...(JSON.stringify(propertyNames) === '{"type":"string"}' && { propertyNames: undefined }),
  }
}

/** zod drops these where a value is transformed, but a request's `.meta()` always speaks of what is sent. */
function saidOf(schema: z.core.$ZodType): JsonSchema {
  const { examples, default: fallback } = z.globalRegistry.get(schema) ?? {}
  return { ...(examples !== undefined && { examples }), ...(fallback !== undefined && { default: fallback }) }
}

function withComponentRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withComponentRefs)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === '$ref' && typeof inner === 'string') return [key, inner.replace('#/$defs/', '#/components/schemas/')]
      return [key, withComponentRefs(inner)]
    }),
  )
}
