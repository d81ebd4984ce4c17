import { reasons } from '@sallyport/protocol'
import { readFileSync } from 'node:fs'
import { basename, relative } from 'node:path'
import { errorPageFindings, reasonLineFindings } from './error-pages.ts'
import { report } from './finding.ts'
import { root } from './paths.ts'
import { sourceFiles } from './source-files.ts'

// Every reason for which a request is refused has a page that explains it, and no page explains what cannot happen.
const files = sourceFiles('docs/errors/*.md').filter((path) => basename(path) !== 'README.md')
const pages = files.map((path) => ({
  name: basename(path, '.md'),
  file: relative(root, path),
  text: readFileSync(path, 'utf8'),
}))
const places = { reasons: 'packages/protocol/src/reasons.ts', pages: 'docs/errors' }
report(`${Object.keys(reasons).length} reasons and ${pages.length} pages`, [
  ...errorPageFindings(
    reasons,
    pages.map(({ name }) => name),
    places,
  ),
  ...pages.flatMap((page) => reasonLineFindings(reasons, page)),
])
