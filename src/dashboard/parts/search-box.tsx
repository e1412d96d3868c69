import { useEffect, useState } from 'preact/hooks'
import { hrefWith, place, replacePlace } from '../location.js'
import { Icon } from './icon.js'

const restMs = 250

/** A parameter of the place that somebody types: it counts once they rest. */
export function SearchBox({ name, label }: { name: string; label: string }) {
  const wanted = place.value.params[name] ?? ''
  const [typed, setTyped] = useState(wanted)
  useEffect(() => setTyped(wanted), [wanted])
  useEffect(() => {
    if (typed === wanted) return
    const timer = setTimeout(() => replacePlace(hrefWith({ [name]: typed })), restMs)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div class="search-box">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </div>
  )
}
