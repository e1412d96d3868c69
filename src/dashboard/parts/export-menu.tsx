import { useState } from 'preact/hooks'
import type { operations } from '../../client/index.js'
import { ask } from '../api/ask.js'
import { texts } from '../texts.js'
import { announce } from './announce.js'
import { saveFile } from './save-file.js'

const formats = ['csv', 'ndjson', 'parquet'] as const

type ExportQuery = NonNullable<operations['exportVisits']['parameters']['query']>

/** The visits that fit the filters, all of them, as a file to keep. */
export function ExportMenu({ id, query }: { id: number; query: ExportQuery }) {
  const [busy, setBusy] = useState<string | null>(null)
  const t = texts.exports
  const save = async (format: (typeof formats)[number]) => {
    setBusy(format)
    const outcome = await ask<unknown>((api, signal) =>
      api.GET('/link/urls/{id}/visits/export', {
        params: { path: { id }, query: { ...query, format } },
        parseAs: 'blob',
        signal,
      }),
    )
    setBusy(null)
    if ('problem' in outcome) return announce(outcome.problem.message, true)
    const file = outcome.data as Blob
    saveFile(`visits-${id}.${format}`, [file], file.type)
    announce(t.saved)
  }
  return (
    <fieldset class="exports">
      <legend class="unseen">{t.label}</legend>
      {formats.map((format) => (
        <button
          key={format}
          type="button"
          class="button small"
          disabled={busy !== null}
          aria-label={t.save(t.formats[format])}
          title={t.save(t.formats[format])}
          onClick={() => save(format)}
        >
          {busy === format ? t.busy : t.formats[format]}
        </button>
      ))}
    </fieldset>
  )
}
