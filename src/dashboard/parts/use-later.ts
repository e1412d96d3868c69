import { useEffect, useState } from 'preact/hooks'

/**
 * Whether it is time for what is not seen at first: from the picture after `isReady` on, for good. All at once would have a slow
 * device show nothing until it has made everything.
 */
export function useLater(isReady: boolean): boolean {
  const [isDue, setDue] = useState(false)
  // Preact runs effects after the browser has painted.
  useEffect(() => {
    if (isReady) setDue(true)
  }, [isReady])
  return isDue
}
