import { useId, useState } from 'preact/hooks'
import { texts } from '../texts.js'
import { Icon } from './icon.js'

interface UploadChoiceProps {
  problem: string | undefined
  onChoose: (file: File) => void
}

/** A file to choose, or to drop. */
export function UploadChoice({ problem, onChoose }: UploadChoiceProps) {
  const id = useId()
  const [isOver, setOver] = useState(false)
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0]
    if (file !== undefined) onChoose(file)
  }
  const over = (event: DragEvent) => {
    event.preventDefault()
    setOver(event.type === 'dragover')
  }
  return (
    <>
      <p>{texts.upload.text}</p>
      {problem !== undefined && (
        <p class="note bad" role="alert">
          {problem}
        </p>
      )}
      <label
        for={id}
        class={isOver ? 'drop over' : 'drop'}
        onDragOver={over}
        onDragLeave={over}
        onDrop={(event) => {
          over(event)
          take(event.dataTransfer?.files)
        }}
      >
        <Icon name="upload" />
        <span class="drop-action">{texts.upload.choose}</span>
        <span class="soft" aria-hidden="true">
          {texts.upload.drop}
        </span>
        <input
          id={id}
          type="file"
          class="unseen"
          accept=".csv,.tsv,.txt,text/csv"
          onChange={(event) => {
            take(event.currentTarget.files)
            // The same file again, mended, is a change too.
            event.currentTarget.value = ''
          }}
        />
      </label>
      <pre class="code">{'mobile,message_id,sent_at\n447700900123,m-1,2026-01-31 12:00:00'}</pre>
    </>
  )
}
