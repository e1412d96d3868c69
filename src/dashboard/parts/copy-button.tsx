import { useEffect, useState } from 'preact/hooks'
import { texts } from '../texts.js'
import { announce } from './announce.js'
import { Icon } from './icon.js'

interface CopyButtonProps {
  text: string
  /** What is copied, for its name. */
  label: string
  /** Shows the label beside the picture. */
  isWide?: boolean
}

export function CopyButton({ text, label, isWide = false }: CopyButtonProps) {
  const [isDone, setDone] = useState(false)
  useEffect(() => {
    if (!isDone) return
    const timer = setTimeout(() => setDone(false), 1500)
    return () => clearTimeout(timer)
  }, [isDone])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setDone(true)
      announce(texts.copied)
    } catch {
      announce(texts.notCopied, true)
    }
  }
  return (
    <button type="button" class={isWide ? 'button' : 'icon-button'} onClick={copy} title={label} aria-label={label}>
      <Icon name={isDone ? 'check' : 'copy'} />
      {isWide && <span>{label}</span>}
    </button>
  )
}
