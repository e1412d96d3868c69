import { localInput } from '../format.js'
import { go, hrefWith } from '../location.js'
import { paramsOf, presets, type Range, usualPreset } from '../range.js'
import { texts } from '../texts.js'
import { Choice } from './choice.js'

const options = [
  ...presets.map((value) => ({ value, text: texts.range.presets[value] })),
  { value: 'custom' as const, text: texts.range.custom },
]

/** Which time is looked at. It is in the address, so that Back goes back. */
export function RangePicker({ range }: { range: Range }) {
  const choose = (value: (typeof options)[number]['value']) =>
    go(
      value === 'custom'
        ? hrefWith(paramsOf(range.from, range.to))
        : hrefWith({ from: undefined, to: undefined, range: value === usualPreset ? undefined : value }),
    )
  const [from, to] = [localInput(range.from), localInput(range.to)]
  const end = (name: 'from' | 'to', value: string) => (
    <label class="range-end">
      <span>{texts.range[name]}</span>
      <input
        type="datetime-local"
        value={value}
        min={name === 'to' ? from : undefined}
        max={name === 'from' ? to : undefined}
        onChange={({ currentTarget }) => {
          if (currentTarget.value !== '' && currentTarget.validity.valid)
            go(hrefWith({ range: undefined, from, to, [name]: currentTarget.value }))
        }}
      />
    </label>
  )
  return (
    <div class="range-picker">
      <Choice label={texts.range.label} options={options} value={range.preset ?? 'custom'} onChoose={choose} />
      {range.preset === null && (
        <div class="range-ends">
          {end('from', from)}
          {end('to', to)}
        </div>
      )}
    </div>
  )
}
