import { apiUrl } from '../surroundings.js'
import { texts } from '../texts.js'

export function Footer() {
  return (
    <footer class="foot">
      <a href={`${apiUrl}/docs`}>{texts.footer.docs}</a>
      {/* The licence of the place database asks for this. */}
      <a href="https://db-ip.com" rel="noreferrer">
        {texts.footer.places}
      </a>
    </footer>
  )
}
