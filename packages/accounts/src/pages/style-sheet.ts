import type { Brand, BrandColours } from '../brand.ts'

const properties = (colours: BrandColours): string =>
  [
    `--background:${colours.background}`,
    `--surface:${colours.surface}`,
    `--text:${colours.text}`,
    `--muted:${colours.muted}`,
    `--line:${colours.line}`,
    `--accent:${colours.accent}`,
    `--on-accent:${colours.onAccent}`,
    `--problem:${colours.problem}`,
    `--note:${colours.note}`,
  ].join(';')

const frame = `
*,*::before,*::after{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif;background:var(--background);color:var(--text);-webkit-text-size-adjust:100%;text-size-adjust:100%;accent-color:var(--accent)}
body{margin:0;min-height:100vh;min-height:100svh;display:flex;flex-direction:column;align-items:center;overflow-wrap:anywhere}
.brand{inline-size:100%;max-inline-size:29rem;display:flex;align-items:center;gap:.6rem;padding:1.25rem 1.5rem;font-weight:650;font-size:1.0625rem;letter-spacing:-.005em}
.brand svg{inline-size:1.625rem;block-size:1.625rem;flex:none;color:var(--accent)}
main{flex:1;inline-size:100%;max-inline-size:29rem;background:var(--surface);padding:1.75rem 1.5rem 2.5rem;border-block-start:1px solid color-mix(in srgb,var(--line) 35%,transparent)}
.wide :is(.brand,main){max-inline-size:44rem}
main>:first-child{margin-block-start:0}
main>:last-child{margin-block-end:0}
h1{font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.015em;margin:0 0 .5rem}
h2{font-size:1rem;line-height:1.4;font-weight:650;margin:1.5rem 0 .25rem}
.of{margin:0;font-size:.875rem;color:var(--muted)}
p{margin:0 0 1rem}
.lead,.quiet,.hint{color:var(--muted)}
.lead{margin-block-end:1.5rem}
.hint,.quiet{font-size:.9375rem}
.name{font-weight:600;color:var(--text)}
h1 .name{font-weight:inherit}
a,a .name{color:var(--accent)}
a{text-underline-offset:.2em;text-decoration-thickness:.0625em}
a:hover{text-decoration-thickness:.125em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:.375rem}
`

const forms = `
form{margin:0}
label{display:block;font-weight:600;margin-block-end:.375rem}
.field{margin-block-end:1.25rem}
.field input{display:block;inline-size:100%;min-block-size:3rem;padding:.625rem .875rem;font:inherit;color:var(--text);background:var(--surface);border:1px solid var(--line);border-radius:.625rem}
.field input:hover{border-color:var(--accent)}
.field input:focus{outline:3px solid var(--accent);outline-offset:1px;border-color:var(--accent)}
.field input[aria-invalid]{border:2px solid var(--problem)}
input.code{font-family:ui-monospace,"Liberation Mono",monospace;font-size:1.25rem;letter-spacing:.12em;text-transform:uppercase}
.fault{color:var(--problem);font-weight:600;font-size:.9375rem;margin:0 0 .375rem}
button{display:block;inline-size:100%;min-block-size:3rem;padding:.625rem 1.25rem;font:inherit;font-weight:650;border:1px solid transparent;border-radius:.625rem;cursor:pointer;background:var(--accent);color:var(--on-accent)}
button:hover{filter:brightness(1.08)}
button:active{filter:brightness(.94)}
button.other{background:var(--text);color:var(--surface)}
button.plain{background:transparent;color:var(--text);border-color:var(--line)}
.after{margin-block-start:1.25rem}
.decide{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.75rem;margin-block-start:1.5rem}
.cancel{margin-block-start:.75rem}
.cancel .hint{margin:.5rem 0 0;text-align:center}
.check{display:grid;grid-template-columns:auto 1fr;gap:.125rem .75rem;align-items:start;margin-block:1.5rem 0}
.check input{inline-size:1.5rem;block-size:1.5rem;margin:0}
.check label{margin:0;font-weight:500}
.check .hint{grid-column:2;margin:0}
`

const parts = `
.problem{border-inline-start:.25rem solid var(--problem);background:color-mix(in srgb,var(--problem) 9%,var(--surface));padding:.875rem 1rem;border-radius:.5rem;margin:0 0 1.5rem}
.problem h2{margin:0 0 .25rem;color:var(--problem)}
.problem p,.problem ul{margin:0}
.problem ul{padding-inline-start:1.25rem}
.problem a{color:var(--problem)}
.note{background:var(--note);padding:.875rem 1rem;border-radius:.5rem;margin:.75rem 0}
.who{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center;padding:.75rem 1rem;border:1px solid color-mix(in srgb,var(--line) 45%,transparent);border-radius:.75rem;margin:1.25rem 0}
.who .initial{flex:none;inline-size:2.5rem;block-size:2.5rem;border-radius:50%;display:grid;place-items:center;background:color-mix(in srgb,var(--accent) 14%,var(--surface));color:var(--accent);font-weight:650;text-transform:uppercase}
.who p{flex:1 1 7rem;min-inline-size:0;margin:0;line-height:1.35}
.who .hint{font-size:.875rem}
.who a{font-size:.9375rem;padding-block:.25rem}
.asked{list-style:none;margin:0;padding:0}
.asked li{position:relative;padding:.625rem 0 .625rem 1.75rem;border-block-start:1px solid color-mix(in srgb,var(--line) 30%,transparent)}
.asked li:first-child{border-block-start:0}
.asked li::before{content:"";position:absolute;inset-inline-start:.25rem;inset-block-start:1.05rem;inline-size:.4rem;block-size:.7rem;border:solid var(--accent);border-width:0 .15rem .15rem 0;transform:rotate(42deg)}
.asked strong{display:block;font-weight:600}
.asked .hint{display:block}
.logo{display:block;object-fit:contain;border-radius:.5rem}
.where{text-align:center;padding:1rem;margin:1.25rem 0 0;border-radius:.75rem;background:var(--background)}
.where p{margin:0}
.where .host{font-size:1.1875rem;font-weight:650;line-height:1.35;margin:.125rem 0 .375rem}
.app{padding-block:1.25rem 0;margin-block-start:1.25rem;border-block-start:1px solid color-mix(in srgb,var(--line) 45%,transparent)}
.app h2{margin:0 0 .125rem}
.app button{margin-block-start:.75rem}
.origin{margin:1rem 0;padding-inline-start:1.25rem}
.where .code{font-family:ui-monospace,"Liberation Mono",monospace;font-size:1.5rem;letter-spacing:.08em;margin-block-end:0}
.field .hint{margin:.375rem 0 0}
.qr svg{display:block;inline-size:12rem;max-inline-size:100%;block-size:auto;margin-inline:auto;border-radius:.5rem}
.codes{columns:2;list-style:none;padding:0;margin:1rem 0;font-size:1.125rem}
.facts{display:grid;grid-template-columns:minmax(5rem,auto) 1fr;gap:.375rem 1rem;margin:0;font-size:.9375rem}
.facts dt{color:var(--muted)}
.facts dd{margin:0}
.help{margin:1rem 0 0}
.detail{margin-block-start:2rem;padding-block-start:1.25rem;border-block-start:1px solid color-mix(in srgb,var(--line) 35%,transparent)}
.detail h2{margin-block-start:0}
code,.uri{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.9375em}
.compare{display:grid;gap:.75rem;margin:0 0 1rem}
.compare dd{margin:.25rem 0 0;padding:.75rem 1rem;background:var(--background);border-radius:.5rem}
.compare dt{font-weight:600}
mark{background:color-mix(in srgb,var(--problem) 22%,var(--surface));color:var(--text);box-shadow:0 .125rem 0 var(--problem);padding:.125rem .0625rem}
`

const conditions = `
@media (min-width:30rem){body{padding:clamp(1rem,7vh,5rem) 1rem 3rem}main{flex:none;border:1px solid color-mix(in srgb,var(--line) 35%,transparent);border-radius:1.125rem;padding:2.25rem 2.5rem 2.5rem}.brand{padding-inline:2.5rem}}
@media (min-width:30rem) and (prefers-color-scheme:light){main{box-shadow:0 1px 2px color-mix(in srgb,var(--text) 6%,transparent),0 1.25rem 3rem -1.5rem color-mix(in srgb,var(--text) 22%,transparent)}}
@media (min-width:46rem){.wide .compare{grid-template-columns:1fr 1fr}.wide .compare .all{grid-column:1/-1}}
@media (prefers-reduced-motion:no-preference){button,.field input{transition:filter .15s,border-color .15s}}
@media (forced-colors:active){button{border-color:ButtonText}.problem,.note,.where,.who .initial{border:1px solid CanvasText}mark{background:Mark;color:MarkText;forced-color-adjust:none}.asked li::before{border-color:CanvasText}}
@media (prefers-contrast:more){:root{--muted:var(--text);--line:var(--text)}}
@media print{button,.cancel{display:none}}
`

/** The one style sheet of the pages. It depends on nothing but the brand, so its address can carry its hash. */
export function styleSheet(brand: Brand): string {
  const light = `:root{color-scheme:light dark;${properties(brand.light)}}`
  const dark = `@media (prefers-color-scheme:dark){:root{${properties(brand.dark)}}}`
  return `${light}\n${dark}${frame}${forms}${parts}${conditions}`
}
