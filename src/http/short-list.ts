import { z } from 'zod'

/**
 * A list that has no more than so many items, which is found out before anything of them is looked at: nobody reads a hundred
 * thousand problems, and to write them down takes a second.
 *
 * @param problemOf what else keeps items from being looked at; null: nothing
 */
export function shortList<Item extends z.ZodType>(
  list: z.ZodArray<Item>,
  most: number,
  tooMany: string,
  problemOf: (given: unknown[]) => string | null = () => null,
) {
  type Items = z.input<Item>[]
  const short = z.transform((given: unknown, context): Items => {
    const problem = Array.isArray(given) ? (given.length > most ? tooMany : problemOf(given)) : null
    if (problem === null) return given as Items
    context.addIssue(problem)
    return z.NEVER
  })
  // zod takes a transform for something that may be left out; what it is given is for the list to say.
  delete short._zod.optin
  return (short as z.ZodTransform<Items, Items>).pipe(list.max(most, tooMany))
}
