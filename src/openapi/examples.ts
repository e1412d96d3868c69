import type { Components, JsonSchema } from './json-schema.js'

/**
 * A value that a schema describes, made of the examples that its parts have in their `.meta()`.
 *
 * Parts of a request that may be left out are shown where they have an example; those of an answer are always there.
 */
export function exampleOf(schema: JsonSchema, components: Components): unknown {
  const { $ref, examples, properties, required, items, anyOf, oneOf, type } = schema
  if (Array.isArray(examples)) return examples[0]
  if ('const' in schema) return schema.const
  if ('default' in schema) return schema.default
  if (typeof $ref === 'string') return exampleOf(components[$ref.split('/').at(-1) ?? ''] ?? {}, components)
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const [choice] = [anyOf, oneOf].flatMap((choices) => (Array.isArray(choices) ? choices : []))
  if (choice !== undefined) return exampleOf(choice, components)
  if (isObject(properties)) {
    const isNeeded = (name: string) => Array.isArray(required) && required.includes(name)
    const shown = Object.entries(properties).filter(([name, inner]) => isNeeded(name) || 'examples' in inner)
    return Object.fromEntries(shown.map(([name, inner]) => [name, exampleOf(inner, components)]))
  }
  if (type === 'array') return schema.maxItems === 0 || !isObject(items) ? [] : [exampleOf(items, components)]
  const [simplest] = [type].flat()
  return {
    object: {},
    null: null,
    string: '',
    integer: schema.minimum ?? 0,
    number: schema.minimum ?? 0,
    boolean: false,
  }[String(simplest)]
}

function isObject(value: unknown): value is Record<string, JsonSchema> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
