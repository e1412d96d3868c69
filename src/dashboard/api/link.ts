import type { components } from '../../client/index.js'
import type { Question } from './ask.js'

/**
 * One link, with what it is set to.
 *
 * @param changes how often it was changed here, after which it is asked for again
 */
export const linkQuestion = (id: number, changes = 0): Question<{ data: components['schemas']['Link'] }> => ({
  key: ['link', id, changes],
  call: (api, signal) =>
    api.GET('/link/urls/{id}', { params: { path: { id }, query: { include: 'settings' } }, signal }),
})
