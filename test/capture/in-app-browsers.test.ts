import { expect, it } from 'vitest'
import { describeUserAgent, type UserAgentFacts } from '../../src/capture/user-agent.js'
import fixture from '../fixtures/in-app-browsers.json' with { type: 'json' }

interface Described {
  userAgent: string
  headers?: Record<string, string>
  expected: Partial<UserAgentFacts>
}

const agents = fixture as Described[]

it.each(agents)('describes $userAgent as what it is', ({ userAgent, headers = {}, expected }) => {
  expect(describeUserAgent(userAgent, headers)).toMatchObject({ ...expected, is_bot: false })
})

it.each([
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (iPad; CPU OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Electron/39.1.0 Safari/537.36',
])('never calls a browser by a percent sign, a digit in front or a system: behind %s', (userAgent) => {
  const signs = ['%20', '%2C', '%25', '%', '7', '7%20', ',2', '%E5%BE', 'iOS26', 'iPhone18,1', 'iPadOS', 'Darwin', 'OS']
  for (const sign of signs) {
    for (const name of [sign, `App${sign}`, `${sign}App`, `App${sign}Two`]) {
      const { browser } = describeUserAgent(`${userAgent} ${name}/3.2`, {})
      expect(browser, name).not.toMatch(/%|^\d|^(?:iOS|iPadOS|OS|Darwin|iPhone)[\d,]*$/)
    }
  }
})
