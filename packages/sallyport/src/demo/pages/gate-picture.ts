import { trusted } from './markup.ts'

/**
 * Two doors, one behind the other, and the way through both. Decoration; the text beside it says the same.
 */
export const gatePicture = trusted(
  '<svg class="gate" viewBox="0 0 360 330" fill="none" aria-hidden="true" focusable="false">' +
    '<path class="wall" d="M14 312V170C14 78 88 6 180 6s166 72 166 164v142z"/>' +
    '<path class="outer" d="M62 312V176C62 110 114 56 180 56s118 54 118 120v136z"/>' +
    '<path class="court" d="M62 312l40-34h156l40 34z"/>' +
    '<path class="keep" d="M102 278V176c0-44 34-80 78-80s78 36 78 80v102z"/>' +
    '<path class="inner" d="M146 278v-72c0-20 14-36 34-36s34 16 34 36v72z"/>' +
    '<path class="beam" d="M146 278h68l48 34H98z"/>' +
    '</svg>',
)
