import { useState } from 'preact/hooks'
import type { Visit } from '../../client/index.js'
import { hrefWith, place } from '../location.js'
import { texts } from '../texts.js'
import { type Column, columns } from '../visit-columns.js'
import { SkeletonRows } from './skeleton.js'
import { VisitDialog } from './visit-dialog.js'
import { VisitValue } from './visit-value.js'

interface VisitTableProps {
  /** undefined: on their way. */
  visits: Visit[] | undefined
  isLoading: boolean
}

/** Visits, one on each line, with the columns that the person has chosen. */
export function VisitTable({ visits, isLoading }: VisitTableProps) {
  const [open, setOpen] = useState<Visit>()
  // As it is now: its person may have been erased while it is looked at.
  const looked = open && (visits?.find(({ id }) => id === open.id) ?? open)
  const shown = columns.value
  return (
    <div class="table-frame" aria-busy={isLoading}>
      <table class="table visits-table">
        <thead>
          <tr>
            {shown.map((column) => (
              <HeadCell key={column} column={column} />
            ))}
          </tr>
        </thead>
        {visits === undefined ? (
          <SkeletonRows rows={10} columns={shown.length} />
        ) : (
          <tbody>
            {visits.map((visit) => (
              <tr key={visit.id}>
                {shown.map((column, at) => (
                  <td key={column} data-label={texts.visits.fields[column]} class={`of-${column}`}>
                    {at === 0 ? (
                      <button type="button" class="row-open" onClick={() => setOpen(visit)} title={texts.visits.open}>
                        <VisitValue visit={visit} field={column} />
                      </button>
                    ) : (
                      <span class="value">
                        <VisitValue visit={visit} field={column} />
                      </span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        )}
      </table>
      {looked !== undefined && <VisitDialog visit={looked} onClose={() => setOpen(undefined)} />}
    </div>
  )
}

const sorts = { '': '-created_at', '-created_at': 'created_at', created_at: '' } as const
const directions = { '': undefined, '-created_at': 'descending', created_at: 'ascending' } as const

/** Only time sorts, as at the API. */
function HeadCell({ column }: { column: Column }) {
  const name = texts.visits.fields[column]
  if (column !== 'created_at') return <th>{name}</th>
  const sort = sortOf(place.value.params)
  return (
    <th aria-sort={directions[sort]}>
      <a class="sort" href={hrefWith({ sort: sorts[sort] })} title={texts.visits.sorts[sort]}>
        {name}
        <span aria-hidden="true">{{ '': '', '-created_at': ' ↓', created_at: ' ↑' }[sort]}</span>
      </a>
    </th>
  )
}

export function sortOf({ sort }: Record<string, string>): keyof typeof sorts {
  return sort === 'created_at' || sort === '-created_at' ? sort : ''
}
