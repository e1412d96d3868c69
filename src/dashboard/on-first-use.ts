/** What takes long to make, such as an Intl formatter, and is not needed for the first picture: made when it is first asked for. */
export function onFirstUse<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
