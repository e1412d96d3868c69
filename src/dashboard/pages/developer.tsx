import { Title } from '../parts/title.js'
import { TokensCard } from '../parts/tokens-card.js'
import { WebhooksCard } from '../parts/webhooks-card.js'
import { apiUrl } from '../surroundings.js'
import { texts } from '../texts.js'

/** What programs need: access tokens, and webhooks. */
export function DeveloperPage() {
  return (
    <>
      <Title text={texts.developer.title}>
        <a class="button" href={`${apiUrl}/docs`}>
          {texts.developer.reference}
        </a>
      </Title>
      <p class="soft">{texts.developer.text}</p>
      <TokensCard />
      <WebhooksCard />
    </>
  )
}
