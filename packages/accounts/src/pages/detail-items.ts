import type { DetailInWords, DetailWords, OpenInteraction } from '@sallyport/server/model'
import type { Words } from '../messages/words.ts'
import { foreign, markup, type Html } from './markup.ts'

/** Name of the box with which a person keeps a detail that may be left out. */
export const detailField = (place: number): string => `detail_${place}`

/** The operator's words in the language of the page, or in the first one there is. */
function wordsOf({ words: spoken }: DetailInWords, { language }: Words): DetailWords | undefined {
  const [plain = ''] = language.split('-')
  return spoken[language] ?? spoken[plain] ?? Object.values(spoken)[0]
}

/** Values come from the application: they stand in a fixed place, are escaped, and are nothing but text (JR-16). */
function rowsOf({ rows }: DetailInWords, spoken: DetailWords | undefined): Html {
  const named = spoken?.fields ?? {}
  return markup`<dl class="facts">${rows.map(({ path, value }) => {
    const name = Object.hasOwn(named, path) ? named[path] : undefined
    return markup`<dt>${name ?? markup`<code>${path}</code>`}</dt><dd>${foreign(value)}</dd>`
  })}</dl>`
}

function keepBox(words: Words, place: number): Html {
  const name = detailField(place)
  return markup`<div class="check">
<input id="${name}" name="${name}" type="checkbox" value="yes" checked aria-describedby="${name}-title">
<label for="${name}">${words.say('consent.detailKeep')}</label>
</div>`
}

/** What is asked for in detail, one by one, in the words of each type (B-RAR-03). Part of the form: some may be left out. */
export function detailItems(words: Words, { details, client }: OpenInteraction): Html | false {
  if (details.length === 0) return false
  const items = details.map((detail, place) => {
    const spoken = wordsOf(detail, words)
    return markup`<div class="app" role="group" aria-labelledby="${detailField(place)}-title">
<h3 id="${detailField(place)}-title">${spoken?.title ?? detail.detail.type}</h3>
${rowsOf(detail, spoken)}
${detail.optional && keepBox(words, place)}
</div>`
  })
  return markup`<div id="details">
<h2>${words.say('consent.details', { app: foreign(client.name) })}</h2>
${items}
</div>`
}
