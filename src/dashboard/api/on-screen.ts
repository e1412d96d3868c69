import { signal } from '@preact/signals'

/** Addresses that what is on the screen was read from, so that the person can read them too. */
export const requestsOnScreen = signal<ReadonlyMap<object, readonly string[]>>(new Map())

export function noteRequest(by: object, ...urls: string[]): void {
  if (requestsOnScreen.value.get(by)?.join(' ') === urls.join(' ')) return
  requestsOnScreen.value = new Map(requestsOnScreen.value).set(by, urls)
}

export function forgetRequest(by: object): void {
  const left = new Map(requestsOnScreen.value)
  if (left.delete(by)) requestsOnScreen.value = left
}

/** A line for a shell. The token is for the person to fill in. */
export function curlLine(url: string): string {
  return `curl -g -H "Authorization: Bearer $SMART_LINK_TOKEN" '${decodedBrackets(url).replaceAll("'", '%27')}'`
}

const decodedBrackets = (url: string) => url.replaceAll('%5B', '[').replaceAll('%5D', ']')
