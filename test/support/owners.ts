let last = 1000

/** The id of an owner that no test of this process has had: what a test does in a shared app, no other test sees. */
export function newOwner(): number {
  last += 1
  return last
}
