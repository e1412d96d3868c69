import { formatNumber } from '../numbers.js'
import { serverZone } from '../surroundings.js'
import { texts } from '../texts.js'
import type { Checked } from '../upload/check-rows.js'
import { type Columns, fields } from '../upload/columns.js'
import type { Sheet } from '../upload/read-csv.js'
import { Field } from './field.js'
import { RowProblems } from './row-problems.js'
import { ScrollFrame } from './scroll-frame.js'

interface UploadPreviewProps {
  name: string
  sheet: Sheet
  columns: Columns
  checked: Checked
  onColumns: (columns: Columns) => void
  onBack: () => void
  onSend: () => void
}

const rowsShown = 5

/** What is understood of a file, and what is wrong with it, before anything is sent. */
export function UploadPreview({ name, sheet, columns, checked, onColumns, onBack, onSend }: UploadPreviewProps) {
  const { upload } = texts
  const { wanted, problems, repeated } = checked
  return (
    <>
      <p>{upload.rows(formatNumber(sheet.rows.length), name)}</p>
      <div class="triple">
        {fields.map((field) => (
          <Field key={field} label={upload.labels[field]}>
            {(attributes) => (
              <select
                {...attributes}
                value={columns[field] ?? ''}
                onChange={({ currentTarget: { value } }) =>
                  onColumns({ ...columns, [field]: value === '' ? null : Number(value) })
                }
              >
                <option value="">{upload.noColumn}</option>
                {sheet.names.map((column, at) => (
                  <option key={`${at} ${column}`} value={at}>
                    {column}
                  </option>
                ))}
              </select>
            )}
          </Field>
        ))}
      </div>
      {columns.sent_at !== null && <p class="hint">{upload.sentHint(serverZone)}</p>}
      {wanted.length > 0 && (
        <ScrollFrame label={upload.preview}>
          <table class="table compact">
            <caption>{upload.preview}</caption>
            <thead>
              <tr>
                <th class="count">{upload.row}</th>
                {fields.map((field) => columns[field] !== null && <th key={field}>{upload.labels[field]}</th>)}
              </tr>
            </thead>
            <tbody>
              {wanted.slice(0, rowsShown).map((one) => (
                <tr key={one.row.number}>
                  <td class="count soft">{one.row.number}</td>
                  {fields.map((field) => columns[field] !== null && <td key={field}>{one[field]}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollFrame>
      )}
      {repeated > 0 && <p class="note">{upload.repeated(formatNumber(repeated))}</p>}
      <RowProblems problems={problems} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onBack}>
          {upload.another}
        </button>
        <button type="button" class="button primary" onClick={onSend} disabled={wanted.length === 0}>
          {upload.send(formatNumber(wanted.length))}
        </button>
      </footer>
    </>
  )
}
