import type { Visit } from '../../client/index.js'
import { texts } from '../texts.js'
import type { Column } from '../visit-columns.js'
import { CopyButton } from './copy-button.js'
import { Dialog } from './dialog.js'
import { agentText, placeText } from './visit-text.js'
import { VisitValue } from './visit-value.js'

const parts: { name: keyof typeof texts.visits.parts; fields: Column[] }[] = [
  { name: 'when', fields: ['created_at', 'scheme', 'host', 'query_string'] },
  { name: 'who', fields: ['mobile', 'token', 'message_id', 'client_ip'] },
  {
    name: 'where',
    fields: ['country', 'country_code', 'region', 'city', 'zipcode', 'latitude', 'longitude', 'timezone'],
  },
  {
    name: 'what',
    fields: [
      ...(['browser', 'browser_version', 'browser_engine', 'browser_lang', 'platform', 'platform_version'] as const),
      ...(['platform_name', 'device_type', 'device_brand', 'device_model', 'touch_enabled', 'resolution'] as const),
      'user_agent',
    ],
  },
  { name: 'numbers', fields: ['id', 'visit_id', 'link_id', 'user_id', 'options'] },
]

/** Everything that is known of one visit. */
export function VisitDialog({ visit, onClose }: { visit: Visit; onClose: () => void }) {
  return (
    <Dialog title={texts.visits.one} onClose={onClose} isSide>
      <p class="soft">
        {placeText(visit)} · {agentText(visit)}
      </p>
      {parts.map(({ name, fields }) => (
        <section key={name} class="facts">
          <h3>{texts.visits.parts[name]}</h3>
          <dl>
            {fields.map((field) => (
              <div key={field}>
                <dt>{texts.visits.fields[field]}</dt>
                <dd>
                  <VisitValue visit={visit} field={field} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <footer class="dialog-foot">
        <CopyButton text={JSON.stringify(visit, null, 2)} label={texts.visits.copyJson} isWide />
      </footer>
    </Dialog>
  )
}
