import { type Columns, fields } from '../../recipient-files/fields.js'
import type { GivenForm } from '../../recipient-files/open.js'
import { formatNumber } from '../numbers.js'
import { serverZone } from '../surroundings.js'
import { texts } from '../texts.js'
import type { Checked } from '../upload/check-rows.js'
import type { Sheet } from '../upload/read-csv.js'
import { Field } from './field.js'
import { RowProblems } from './row-problems.js'
import { ScrollFrame } from './scroll-frame.js'
import { UploadForm } from './upload-form.js'

interface UploadPreviewProps {
  file: string
  sheet: Sheet
  /** How the person has said that it is to be read. */
  given: GivenForm
  columns: Columns
  checked: Checked
  onColumns: (columns: Columns) => void
  onForm: (given: GivenForm) => void
  onBack: () => void
  onSend: () => void
}

const rowsShown = 5

type ShownField = Exclude<(typeof fields)[number], 'country_code'>

/** What is understood of a file, and what is wrong with it, before anything is sent. */
export function UploadPreview(props: UploadPreviewProps) {
  const { file, sheet, given, columns, checked, onColumns, onForm, onBack, onSend } = props
  const { upload } = texts
  const { wanted, problems, notes, repeated } = checked
  const offered = fields.filter((field) => field !== 'country_code' || sheet.mayHaveCodes)
  const shown = fields.filter((field) => field !== 'country_code' && columns[field] !== null) as ShownField[]
  return (
    <>
      <p>{upload.rows(formatNumber(sheet.records.length), file)}</p>
      <UploadForm sheet={sheet} given={given} onForm={onForm} />
      <div class="triple">
        {offered.map((field) => (
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
                {shown.map((field) => (
                  <th key={field}>{upload.labels[field]}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {wanted.slice(0, rowsShown).map((one) => (
                <tr key={one.line}>
                  <td class="count soft">{one.row}</td>
                  {shown.map((field) => (
                    <td key={field}>{one[field]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollFrame>
      )}
      {repeated > 0 && <p class="note">{upload.repeated(formatNumber(repeated))}</p>}
      <RowProblems problems={problems} title={upload.problems} />
      <RowProblems problems={notes} title={upload.notes} isHarmless />
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
