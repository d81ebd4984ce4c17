import type { HttpResponse } from '@sallyport/server'

/** Counts what happens. Cheap while serving; the text for scrapers is made by prom-client when somebody asks. */
export type Metrics = {
  count(name: string, labels: Readonly<Record<string, string>>): void
  /** A value that stands until the next one. */
  set(name: GaugeName, value: number): void
  /** One answered request: its route (never the path as sent), method, status and duration in seconds. */
  observe(route: string, method: string, status: number, duration: number): void
  render(): Promise<HttpResponse>
}

type Labels = Readonly<Record<string, string>>

/** Names and explanations of what the server counts. */
const counters: Readonly<Record<string, { readonly name: string; readonly help: string }>> = {
  authorization_requests: {
    name: 'sallyport_authorization_requests_total',
    help: 'Authorization requests by outcome and reason',
  },
  authorization_requests_without_state: {
    name: 'sallyport_authorization_requests_without_state_total',
    help: 'Authorization requests without a state parameter',
  },
  tokens_issued: { name: 'sallyport_tokens_issued_total', help: 'Access tokens issued by grant type and binding' },
  requests_pushed: { name: 'sallyport_requests_pushed_total', help: 'Authorization requests pushed by clients' },
  device_codes_issued: { name: 'sallyport_device_codes_issued_total', help: 'Device codes issued' },
  backchannel_requests: {
    name: 'sallyport_backchannel_requests_total',
    help: 'Requests of applications that ask a person without a browser',
  },
  backchannel_decisions: {
    name: 'sallyport_backchannel_decisions_total',
    help: 'Decisions of people about such requests: allow, deny, or disown for "I did not start this"',
  },
  backchannel_pings: {
    name: 'sallyport_backchannel_pings_total',
    help: 'Applications told that there is a decision, by outcome',
  },
  notice_deliveries: {
    name: 'sallyport_notice_deliveries_total',
    help: 'Notices sent to the webhook, by outcome',
  },
  device_decisions: {
    name: 'sallyport_device_decisions_total',
    help: 'Decisions of people about devices: allow, deny, or disown for "I did not start this"',
  },
  codes_redeemed: {
    name: 'sallyport_codes_redeemed_total',
    help: 'Authorization codes redeemed, by proof: verifier, or exception for those under a dated exception',
  },
  alerts: { name: 'sallyport_alerts_total', help: 'Alerts by kind, when raised and when their count followed' },
  alert_deliveries: {
    name: 'sallyport_alert_deliveries_total',
    help: 'Alerts sent to the webhook, by outcome',
  },
  logout_notices: {
    name: 'sallyport_logout_notices_total',
    help: 'Notices of ended sessions to applications, by outcome: delivered, retried or failed',
  },
  usage_dropped: {
    name: 'sallyport_usage_dropped_total',
    help: 'Requests that were not counted in the coverage, because too many clients were active at once',
  },
  token_requests_rejected: {
    name: 'sallyport_token_requests_rejected_total',
    help: 'Requests refused at the token endpoint by error and reason',
  },
  requests_rejected: {
    name: 'sallyport_requests_rejected_total',
    help: 'Requests refused at every endpoint by error and reason',
  },
  pkce_rejections: { name: 'sallyport_pkce_rejections_total', help: 'Refusals that PKCE is the reason of' },
  refresh_reuse: {
    name: 'sallyport_refresh_reuse_detected_total',
    help: 'Refresh tokens presented again after their rotation',
  },
  logins: { name: 'sallyport_logins_total', help: 'Sign-ins by method and outcome' },
}

/** Names and explanations of values that go up and down. */
const gauges = {
  pkce_enforcement_proven: {
    name: 'sallyport_pkce_enforcement_proven',
    help: '1 when the last proof found PKCE enforced at every door and for every kind of client, otherwise 0',
  },
  pkce_enforcement_proof_duration: {
    name: 'sallyport_pkce_enforcement_proof_duration_seconds',
    help: 'How long the last proof took',
  },
  pkce_enforcement_proof_time: {
    name: 'sallyport_pkce_enforcement_proof_timestamp_seconds',
    help: 'When the last proof ended, in seconds since 1970',
  },
} as const

export type GaugeName = keyof typeof gauges

/** Bounds that OpenTelemetry advises for durations of HTTP requests, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

type Histogram = { readonly labels: Labels; readonly buckets: number[]; sum: number; count: number }
type Series = { readonly labels: Labels; value: number }

const seriesKey = (labels: Labels): string => Object.entries(labels).flat().join('\u0000')

/** More label sets than the server itself can have mean that something from outside got into a label. */
const maxSeries = 1000

export function createMetrics(): Metrics {
  const counted = new Map<string, Map<string, Series>>()
  const durations = new Map<string, Histogram>()
  const values = new Map<GaugeName, number>()

  const count = (name: string, labels: Labels): void => {
    let series = counted.get(name)
    if (series === undefined) counted.set(name, (series = new Map<string, Series>()))
    const key = seriesKey(labels)
    const found = series.get(key)
    if (found !== undefined) found.value++
    else if (series.size < maxSeries) series.set(key, { labels, value: 1 })
  }

  const observe = (route: string, method: string, status: number, duration: number): void => {
    const key = `${method} ${route} ${status}`
    let histogram = durations.get(key)
    if (histogram === undefined) {
      if (durations.size >= maxSeries) return
      const labels = { http_request_method: method, http_route: route, http_response_status_code: String(status) }
      durations.set(key, (histogram = { labels, buckets: bounds.map(() => 0), sum: 0, count: 0 }))
    }
    for (let index = bounds.length - 1; index >= 0 && duration <= (bounds[index] ?? 0); index--) {
      histogram.buckets[index] = (histogram.buckets[index] ?? 0) + 1
    }
    histogram.sum += duration
    histogram.count++
  }

  return {
    count,
    set: (name, value) => {
      values.set(name, value)
    },
    observe,
    render: async () => {
      const { text, contentType } = await renderText(counted, values, [...durations.values()])
      return { status: 200, headers: { 'content-type': contentType, 'cache-control': 'no-store' }, body: text }
    },
  }
}

type Value = { readonly metricName?: string; readonly labels: Labels; readonly value: number }

function histogramValues(name: string, histograms: readonly Histogram[]): readonly Value[] {
  return histograms.flatMap(({ labels, buckets, sum, count }) => [
    ...buckets.map((value, index) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: String(bounds[index]) },
      value,
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ])
}

async function renderText(
  counted: ReadonlyMap<string, ReadonlyMap<string, Series>>,
  values: ReadonlyMap<GaugeName, number>,
  histograms: readonly Histogram[],
): Promise<{ text: string; contentType: string }> {
  const { Registry, Counter, Gauge, collectDefaultMetrics } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const [key, { name, help }] of Object.entries(counters)) {
    const series = [...(counted.get(key)?.values() ?? [])]
    const labelNames = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))]
    const counter = new Counter({ name, help, labelNames, registers: [registry] })
    for (const { labels, value } of series) counter.inc(labels, value)
  }
  for (const [key, value] of values) new Gauge({ ...gauges[key], registers: [registry] }).set(value)
  const started = new Gauge({
    name: 'sallyport_uptime_seconds',
    help: 'Seconds since the process started',
    registers: [registry],
  })
  started.set(process.uptime())
  const name = 'http_server_request_duration_seconds'
  const lines = histogramValues(name, histograms).map(line(name))
  const head = [`# HELP ${name} Duration of HTTP requests`, `# TYPE ${name} histogram`]
  const text = `${await registry.metrics()}\n${[...head, ...lines].join('\n')}\n`
  return { text, contentType: registry.contentType }
}

const line =
  (name: string) =>
  ({ metricName = name, labels, value }: Value): string => {
    const inner = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
    return `${metricName}{${inner.join(',')}} ${value}`
  }
