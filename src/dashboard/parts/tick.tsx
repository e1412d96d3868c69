import { useId } from 'preact/hooks'

interface TickProps {
  label: string
  hint?: string
  isOn: boolean
  onTurn: (isOn: boolean) => void
}

export function Tick({ label, hint, isOn, onTurn }: TickProps) {
  const id = useId()
  return (
    <div class="tick">
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onTurn(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
