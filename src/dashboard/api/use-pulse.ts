import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

/**
 * A number that grows after each `beat()`, at once when it is quiet and else not sooner than every `everyMs`: however often visits
 * come, what is on the screen is asked for again at an even pace.
 */
export function usePulse(everyMs: number): [pulse: number, beat: () => void] {
  const [pulse, setPulse] = useState(0)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const last = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  const beat = useCallback(() => {
    if (timer.current !== undefined) return
    const wait = Math.max(last.current + everyMs - Date.now(), gatherMs)
    timer.current = setTimeout(() => {
      timer.current = undefined
      last.current = Date.now()
      setPulse((count) => count + 1)
    }, wait)
  }, [everyMs])
  return [pulse, beat]
}

/** Visits of a moment are shown together. */
const gatherMs = 150
