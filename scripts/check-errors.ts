import { reasons } from '@sallyport/protocol'
import { basename } from 'node:path'
import { errorPageFindings } from './error-pages.ts'
import { report } from './finding.ts'
import { sourceFiles } from './source-files.ts'

// Every reason for which a request is refused has a page that explains it, and no page explains what cannot happen.
const pages = sourceFiles('docs/errors/*.md')
  .map((path) => basename(path, '.md'))
  .filter((page) => page !== 'README')
const places = { reasons: 'packages/protocol/src/reasons.ts', pages: 'docs/errors' }
report(`${Object.keys(reasons).length} reasons and ${pages.length} pages`, errorPageFindings(reasons, pages, places))
