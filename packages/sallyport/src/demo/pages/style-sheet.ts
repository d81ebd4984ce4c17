// Adds to the style sheet of the sign-in pages, and takes its colours from there; the light in the picture is its own.

const mono = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace'
const hairline = 'color-mix(in srgb,var(--line) 35%,transparent)'

const frame = `
body.demo{padding:0;align-items:stretch}
.demo :is(.top,main){inline-size:100%;max-inline-size:76rem;margin-inline:auto;padding-inline:clamp(1.25rem,4vw,3rem)}
.demo .top{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.25rem 1.5rem;padding-block:1.25rem}
.demo .top .brand{inline-size:auto;padding:0}
.demo nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
.demo nav a{font-size:.9375rem;padding-block:.375rem;text-decoration-color:transparent}
.demo nav a:hover{text-decoration-color:currentColor}
.demo main{flex:1;background:none;border:0;box-shadow:none;border-radius:0;padding-block:1rem 5rem;outline:0}
.skip{position:absolute;inset-inline-start:1rem;inset-block-start:-4rem;background:var(--surface);padding:.75rem 1rem;border-radius:.5rem;z-index:1}
.skip:focus{inset-block-start:1rem}
.unseen{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.demo h1{font-size:clamp(2.125rem,1.4rem + 3.2vw,3.625rem);line-height:1.06;letter-spacing:-.032em;text-wrap:balance;margin:0 0 1.25rem}
.demo h2{font-size:clamp(1.375rem,1.15rem + 1vw,1.75rem);line-height:1.2;letter-spacing:-.018em;margin:0 0 1rem;text-wrap:balance}
.demo h3{font-size:1.0625rem;line-height:1.35;font-weight:650;margin:0 0 .25rem;letter-spacing:-.005em}
.demo h4{font-size:1rem;font-weight:650;margin:0}
.demo .lead{font-size:clamp(1.0625rem,1rem + .3vw,1.1875rem);line-height:1.55;max-inline-size:38rem;text-wrap:pretty;margin-block-end:1.75rem}
.demo p{max-inline-size:42rem}
.demo .aside{font-size:.9375rem;color:var(--muted);margin:0}
.demo button{inline-size:auto;padding-inline:1.75rem}
.demo button.plain{min-block-size:2.5rem;padding:.375rem 1rem;font-size:.9375rem;background:var(--surface)}
.demo button.plain:hover{border-color:var(--accent);color:var(--accent);filter:none}
.card{background:var(--surface);border:1px solid ${hairline};border-radius:1.125rem;padding:1.5rem}
.copy{user-select:all;font-size:1em}
`

const landing = `
.hero{display:grid;gap:2rem;align-items:center;padding-block:clamp(1rem,5vw,4rem) clamp(2.5rem,6vw,5rem)}
.hero form{margin-block-end:1rem}
.hero button{font-size:1.0625rem;min-block-size:3.25rem}
.gate{--lantern:#f3c76a;inline-size:min(100%,26rem);block-size:auto;justify-self:center;color:var(--accent)}
.gate .wall{fill:color-mix(in srgb,var(--accent) 12%,var(--background))}
.gate .outer{fill:color-mix(in srgb,var(--accent) 58%,var(--background))}
.gate .court{fill:color-mix(in srgb,var(--accent) 44%,var(--background))}
.gate .keep{fill:color-mix(in srgb,var(--accent) 26%,var(--background))}
.gate .inner{fill:color-mix(in srgb,var(--lantern) 78%,var(--note))}
.gate .beam{fill:color-mix(in srgb,var(--lantern) 42%,transparent)}
.after-hero{display:grid;gap:2.5rem;margin-block-end:clamp(3rem,7vw,5.5rem)}
.acts h2{margin-block-end:1.375rem}
.acts ol{list-style:none;margin:0;padding:0;counter-reset:act;display:grid;gap:1.5rem}
.acts li{counter-increment:act;display:grid;grid-template-columns:2.5rem 1fr;gap:0 1rem}
.acts li::before{content:counter(act);grid-row:span 2;inline-size:2.5rem;block-size:2.5rem;border-radius:50%;display:grid;place-items:center;font-weight:650;color:var(--accent);background:color-mix(in srgb,var(--accent) 12%,var(--surface))}
.acts p{margin:0;color:var(--muted)}
.sign-in{align-self:start}
.sign-in h2{font-size:1.125rem;margin-block-end:.75rem}
.sign-in dl{margin:0 0 1rem;display:grid;gap:.5rem}
.sign-in dl div{display:grid;grid-template-columns:5rem 1fr;gap:0 .75rem;align-items:baseline}
.sign-in dt{color:var(--muted);font-size:.9375rem}
.sign-in dd{margin:0;font-size:1.0625rem;font-weight:600}
.machinery{margin-block-start:clamp(3rem,7vw,5.5rem)}
.machinery h3{margin-block:1.75rem .75rem}
.links{display:grid;gap:.75rem;margin:0}
.links div{display:grid;gap:0 1.5rem}
.links dt{font-weight:600}
.links dd{margin:0}
`

const attacks = `
.tv{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:center;justify-content:space-between;margin-block:1.5rem}
.tv>div:first-child{flex:1 1 14rem}
.tv .code{font:650 2rem/1.2 ui-monospace,"Liberation Mono",monospace;letter-spacing:.08em}
.tv .qr{flex:none;inline-size:9rem;block-size:9rem}
.tv .qr svg{display:block;inline-size:100%;block-size:100%}
.try{margin-block-start:clamp(3rem,7vw,5rem);scroll-margin-block-start:1rem}
.attacks{list-style:none;margin:0 0 1.5rem;padding:0;border-block-end:1px solid ${hairline}}
.attacks li{display:grid;gap:.75rem 2rem;padding-block:1.125rem;border-block-start:1px solid ${hairline}}
.attacks p{margin:0;color:var(--muted)}
.attacks .act{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem}
.scroll{overflow-x:auto}
.counts{border-collapse:collapse;width:100%}
.counts th,.counts td{padding:.5rem .75rem;text-align:end;border-block-end:1px solid ${hairline};font-variant-numeric:tabular-nums}
.counts th:first-child{text-align:start}
.plain-list{list-style:none;padding:0}
.plain-list li{padding-block:.75rem;border-block-end:1px solid ${hairline}}
.verdict{font-weight:650;font-size:.9375rem}
.verdict.good{color:var(--accent)}
.verdict.bad{color:var(--problem)}
.act .verdict.good::before{content:"✓ "}
.banner{border-radius:1.125rem;padding:1.25rem 1.5rem;margin-block-end:2.5rem;background:var(--surface);border:1px solid ${hairline};border-inline-start:.375rem solid var(--accent)}
.banner.bad{border-inline-start-color:var(--problem)}
.banner .verdict{font-size:1.375rem;letter-spacing:-.015em;margin-block-end:.375rem}
.clauses{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.5rem}
.clauses li{font-size:.875rem;padding:.125rem .625rem;border-radius:1rem;background:color-mix(in srgb,var(--accent) 11%,var(--surface))}
.trail{margin-block-end:.5rem;font-size:.9375rem}
.onward{gap:1rem;margin-block-start:2rem;align-items:center}
.glance ol{list-style:none;margin:0 0 2.5rem;padding:0;display:flex;flex-wrap:wrap;gap:.5rem;counter-reset:glance}
.glance li{counter-increment:glance}
.glance a{display:flex;gap:.5rem;padding:.375rem .875rem;border-radius:2rem;font-size:.9375rem;text-decoration:none;background:color-mix(in srgb,var(--accent) 9%,var(--surface))}
.glance a::before{content:counter(glance);font-weight:650}
.glance a:hover{text-decoration:underline}
.again{display:flex;flex-wrap:wrap;gap:.75rem;margin-block-end:1.75rem}
`

const timeline = `
.beside{display:grid;gap:3rem;padding-block-start:clamp(.5rem,3vw,2rem)}
.story{min-inline-size:0}
.timeline{list-style:none;margin:0;padding:0;counter-reset:step}
.step{counter-increment:step;position:relative;padding:0 0 2.5rem 3.25rem;scroll-margin-block-start:1.5rem}
.step::before{content:counter(step);position:absolute;inset-inline-start:0;inset-block-start:-.1875rem;inline-size:2rem;block-size:2rem;border-radius:50%;display:grid;place-items:center;font-size:.9375rem;font-weight:650;background:var(--accent);color:var(--on-accent)}
.step::after{content:"";position:absolute;inset-inline-start:calc(1rem - 1px);inset-block:2.25rem .25rem;inline-size:2px;background:color-mix(in srgb,var(--accent) 22%,transparent)}
.step:last-child::after{display:none}
.step>p{margin-block-end:.875rem}
.step .route{display:flex;flex-wrap:wrap;align-items:center;gap:.375rem;margin-block-end:.5rem;font-size:.875rem;color:var(--muted)}
.route .attacker{color:var(--problem);font-weight:600}
.exchange{display:grid;gap:.625rem}
.fold{min-inline-size:0}
.fold>summary{cursor:pointer;font-size:.9375rem;font-weight:600;padding:.25rem 0;inline-size:fit-content}
.fold>summary::marker{color:var(--muted)}
.status{font-weight:600;padding:.0625rem .5rem;border-radius:.5rem;margin-inline-start:.25rem}
.status.good{color:var(--accent);background:color-mix(in srgb,var(--accent) 11%,var(--surface))}
.status.bad{color:var(--problem);background:color-mix(in srgb,var(--problem) 10%,var(--surface))}
.wire,.value,.jwt{font-family:${mono};font-size:.8125rem;line-height:1.6;overflow-wrap:anywhere}
.wire{margin:.25rem 0 0;padding:.875rem 1rem;background:var(--surface);border:1px solid ${hairline};border-radius:.75rem;color:var(--text)}
.wire pre{margin:0;font:inherit;white-space:pre-wrap}
.wire pre.body{margin-block-start:.75rem}
.wire summary{cursor:pointer;color:var(--muted);inline-size:fit-content}
.wire .h{color:var(--muted)}
.wire .h b,.wire .first b,.wire b{font-weight:650;color:var(--accent)}
.meanings,.checks{margin:.375rem 0 0;display:grid;gap:0}
.meanings div,.checks div{display:grid;gap:0 1.5rem;padding-block:.5rem;border-block-start:1px solid ${hairline}}
.meanings div:first-child,.checks div:first-child{border-block-start:0}
.meanings dd,.checks dd{margin:0;font-size:.9375rem;color:var(--muted)}
.meanings dt,.checks dt{font-weight:600}
.demo dd.value{color:var(--text);font-size:.8125rem}
.value .read{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif;color:var(--muted);font-size:.875rem}
.checks .verdict{margin-inline-start:.25rem;font-size:.875rem}
.checks .passed .verdict{color:var(--accent)}
.checks .passed .verdict::before{content:"✓ "}
.checks .failed .verdict,.checks .failed dd.value{color:var(--problem)}
.derivation{list-style:none;margin:0;padding:0;display:grid;gap:.5rem}
.derivation li{background:var(--surface);border:1px solid ${hairline};border-radius:.75rem;padding:.75rem 1rem;position:relative}
.derivation li+li{margin-block-start:.75rem}
.derivation li+li::before{content:"↓";position:absolute;inset-inline-start:1.25rem;inset-block-start:-1.3rem;color:var(--accent);font-weight:650;line-height:1}
.derivation p{margin:0}
.derivation .what{font-size:.9375rem;color:var(--muted)}
.derivation .what strong{color:var(--text);font-family:${mono};font-size:.9375em}
.derivation li:first-child .value{color:var(--problem);font-weight:600}
.derivation li:last-child .value{color:var(--accent);font-weight:600}
.token{margin-block-start:1.25rem;padding:1.25rem;background:var(--surface);border:1px solid ${hairline};border-radius:.875rem}
.jwt{margin:.75rem 0 .375rem}
.jh{color:var(--muted)}
.jp{color:var(--accent)}
.js{color:var(--problem)}
.legend{display:flex;gap:1rem;margin-block-end:.75rem}
.noted{margin-block-start:.875rem;font-size:.9375rem;color:var(--muted)}
.severity{font-size:.875rem;padding:.0625rem .5rem;border-radius:.5rem;background:color-mix(in srgb,var(--line) 16%,var(--surface))}
.severity.high,.high .severity,.medium .severity,.severity.medium{color:var(--problem);background:color-mix(in srgb,var(--problem) 10%,var(--surface))}
.notice{padding-block:clamp(2rem,8vw,6rem)}
`

const events = `
.events{min-inline-size:0;align-self:start;background:var(--surface);border:1px solid ${hairline};border-radius:1.125rem;padding:1.25rem 1.25rem .75rem}
.events h2{font-size:1.125rem;margin-block-end:.25rem}
#events{list-style:none;margin:.75rem 0 0;padding:0}
.event{padding-block:.75rem;border-block-start:1px solid ${hairline}}
.event p{margin:0;font-size:.875rem}
.event .line{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 .75rem;margin-block-end:.125rem}
.event .line code{font-weight:650;font-size:.8125rem}
.event time{color:var(--muted);font-size:.8125rem;font-variant-numeric:tabular-nums}
.event .about{display:flex;flex-wrap:wrap;gap:.125rem .5rem;color:var(--muted);margin-block-start:.25rem}
.event .severity{font-size:.8125rem}
`

const conditions = `
@media (min-width:46rem){
.attacks li{grid-template-columns:1fr auto;align-items:center}
.attacks .act{justify-content:flex-end}
.links div{grid-template-columns:14rem 1fr}
.meanings div{grid-template-columns:11rem 1fr}
.checks div{grid-template-columns:13rem 1fr}
.meanings dd,.checks dd{grid-column:2}
}
@media (min-width:62rem){
.hero{grid-template-columns:minmax(0,1fr) minmax(0,24rem);gap:4rem}
.after-hero{grid-template-columns:minmax(0,1fr) 23rem;gap:4rem}.after-hero .sign-in{order:1}
.beside{grid-template-columns:minmax(0,1fr) 20rem;gap:3.5rem}
.events{position:sticky;inset-block-start:1.5rem;max-block-size:calc(100vh - 3rem);display:flex;flex-direction:column}
.events .log{overflow-y:auto;min-block-size:0}
}
@media (max-width:61.99rem){.gate{inline-size:min(52%,13rem);order:-1;justify-self:start}}
@media (max-width:30rem){.step{padding-inline-start:0}.step::after{display:none}.step h3{padding-inline-start:2.75rem;min-block-size:1.75rem}.step .route{padding-inline-start:2.75rem}}
@media (prefers-reduced-motion:no-preference){.event.new{animation:arrive .6s ease-out}@keyframes arrive{from{background:var(--note)}}}
@media (forced-colors:active){.step::before,.acts li::before,.banner,.status,.severity{border:1px solid CanvasText}.gate{display:none}}
@media print{.events,.again,.onward,.act form,.try>form{display:none}}
`

/** Everything the demo adds to the shared look. */
export const demoStyleSheet = (frame + landing + attacks + timeline + events + conditions).trimStart()
