/** What pages of the documentation need beside the style sheet of all pages; colours come from there. */
export const documentationStyle = `
.document :is(.brand,main){max-inline-size:54rem}
.document .brand a{color:inherit;text-decoration:none;display:flex;align-items:center;gap:.6rem}
.document .brand a:hover{text-decoration:underline}
.document h2{font-size:1.1875rem;margin:2rem 0 .5rem}
.document h3{font-size:1rem;margin:1.5rem 0 .5rem}
.document :is(ul,ol){padding-inline-start:1.5rem;margin:0 0 1rem}
.document li{margin-block-end:.375rem}
.document pre{overflow-x:auto;background:var(--background);border-radius:.5rem;padding:.875rem 1rem;margin:0 0 1rem;overflow-wrap:normal;line-height:1.45}
.document pre code{font-size:.8125rem}
.document :not(pre)>code{background:var(--background);border-radius:.25rem;padding:.0625rem .25rem}
.document .table{overflow-x:auto;margin:0 0 1rem}
.document table{border-collapse:collapse;min-inline-size:100%;font-size:.9375rem;overflow-wrap:normal}
.document :is(th,td){text-align:start;vertical-align:top;padding:.5rem .75rem .5rem 0;border-block-end:1px solid color-mix(in srgb,var(--line) 40%,transparent)}
.document th{color:var(--muted);font-weight:600}
.document blockquote{margin:0 0 1rem;padding-inline-start:1rem;border-inline-start:.25rem solid var(--line);color:var(--muted)}
.document nav{margin-block-start:2.5rem;padding-block-start:1rem;border-block-start:1px solid color-mix(in srgb,var(--line) 35%,transparent);font-size:.9375rem}
`
