import { texts } from '../texts.js'
import { allColumns, columns, showColumns, usualColumns } from '../visit-columns.js'
import { Dialog } from './dialog.js'
import { Tick } from './tick.js'

/** Which columns the table of visits has. One at least. */
export function ColumnDialog({ onClose }: { onClose: () => void }) {
  const shown = columns.value
  const turn = (column: (typeof allColumns)[number], isOn: boolean) => {
    const chosen = isOn ? [...shown, column] : shown.filter((name) => name !== column)
    if (chosen.length > 0) showColumns(chosen)
  }
  return (
    <Dialog title={texts.visits.columns} onClose={onClose}>
      <div class="column-list">
        {allColumns.map((column) => (
          <Tick
            key={column}
            label={texts.visits.fields[column]}
            isOn={shown.includes(column)}
            onTurn={(isOn) => turn(column, isOn)}
          />
        ))}
      </div>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={usualColumns}>
          {texts.visits.usualColumns}
        </button>
        <button type="button" class="button primary" onClick={onClose}>
          {texts.done}
        </button>
      </footer>
    </Dialog>
  )
}
