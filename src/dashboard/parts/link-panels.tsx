import { useState } from 'preact/hooks'
import type { Dimension } from '../api/statistics.js'
import { texts } from '../texts.js'
import { Breakdown, type BreakdownProps } from './breakdown.js'

const panels = [
  { name: 'places', dimensions: ['city', 'region'] },
  { name: 'devices', dimensions: ['device_type', 'device_brand'] },
  { name: 'software', dimensions: ['browser', 'platform'] },
  { name: 'more', dimensions: ['browser_lang', 'host'] },
] as const

/** What else visits have in common. */
export function LinkPanels(given: Pick<BreakdownProps, 'id' | 'query' | 'pulse' | 'pick'>) {
  return (
    <div class="panels four">
      {panels.map(({ name, dimensions }) => (
        <Panel key={name} title={texts.link.panels[name]} dimensions={dimensions} {...given} />
      ))}
    </div>
  )
}

type PanelProps = Omit<BreakdownProps, 'chosen' | 'onChoose'>

function Panel({ dimensions, ...given }: PanelProps) {
  const [chosen, setChosen] = useState<Dimension>(dimensions[0] ?? 'browser')
  return <Breakdown {...given} dimensions={dimensions} chosen={chosen} onChoose={setChosen} top={7} />
}
