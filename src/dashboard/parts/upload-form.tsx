import type { Encoding } from '../../csv/encoding.js'
import type { GivenForm } from '../../recipient-files/open.js'
import { texts } from '../texts.js'
import type { Sheet } from '../upload/read-csv.js'
import { Choice } from './choice.js'

interface UploadFormProps {
  sheet: Sheet
  /** What the person has said so far. */
  given: GivenForm
  onForm: (given: GivenForm) => void
}

const { upload } = texts

/** How a file was read, to be changed where the guess is wrong: the file is then read again. */
export function UploadForm({ sheet, given, onForm }: UploadFormProps) {
  const encoding = encodingOf(sheet)
  const separators = [...new Set([',', ';', '\t', '|', sheet.separator])]
  return (
    <details>
      <summary>{upload.form(encodingText(sheet), upload.separatorOf(sheet.separator), sheet.namesLine)}</summary>
      <div class="upload-form">
        <Choice
          label={upload.separator}
          options={separators.map((value) => ({ value, text: upload.separatorOf(value) }))}
          value={sheet.separator}
          onChoose={(separator) => onForm({ ...given, separator })}
        />
        <Choice
          label={upload.firstRow}
          options={[
            { value: 'names', text: upload.hasNames },
            { value: 'none', text: upload.hasNoNames },
          ]}
          value={sheet.hasNames ? 'names' : 'none'}
          onChoose={(value) => onForm({ ...given, hasNames: value === 'names' })}
        />
        <Choice
          label={upload.encoding}
          options={encodings.map((value) => ({ value, text: value }))}
          value={encoding}
          onChoose={(value) => onForm({ ...given, encoding: value })}
        />
      </div>
    </details>
  )
}

const encodings: Encoding[] = ['UTF-8', 'UTF-16LE', 'UTF-16BE', 'Windows-1252']

function encodingOf({ text }: Sheet): Encoding {
  return text.windowsLines() > 0 && !text.hasUtf8() ? 'Windows-1252' : text.encoding
}

function encodingText(sheet: Sheet): string {
  const { text } = sheet
  return text.windowsLines() > 0 && text.hasUtf8() ? upload.mixed : encodingOf(sheet)
}
