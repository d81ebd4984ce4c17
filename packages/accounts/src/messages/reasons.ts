import { reasons, type Reason } from '@sallyport/protocol'

/** Name of the text that says what a refusal means. */
export type ReasonKey = `reason.${Reason}`

/** The meanings of refusals as part of a catalogue. */
export const reasonTexts = (texts: Readonly<Record<Reason, string>>): Readonly<Record<ReasonKey, string>> =>
  Object.fromEntries(Object.entries(texts).map(([reason, text]) => [`reason.${reason}`, text])) as Record<
    ReasonKey,
    string
  >

const descriptions = Object.fromEntries(
  Object.entries(reasons).map(([reason, { description }]) => [reason, description]),
) as Record<Reason, string>

/** In English a page says what the answers to applications say. */
export const reasonsEn = reasonTexts(descriptions)
