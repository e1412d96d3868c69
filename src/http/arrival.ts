/**
 * How long a request may take to arrive, in options of Node's server: its headers, and all of it. Slower senders get a 408
 * (raw-answers.ts) and are cut off. Node looks around now and then only: in a quarter of that time.
 */
export function arrivalTimeouts(milliseconds: number) {
  return {
    headersTimeout: milliseconds,
    requestTimeout: milliseconds,
    connectionsCheckingInterval: Math.min(Math.ceil(milliseconds / 4), 30_000),
  }
}
