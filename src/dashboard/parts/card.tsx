import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface CardProps {
  title: string
  tools?: ComponentChildren
  children: ComponentChildren
  class?: string
}

export function Card({ title, tools, children, class: more = '' }: CardProps) {
  const id = useId()
  return (
    <section class={`card ${more}`} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {tools}
      </header>
      {children}
    </section>
  )
}
