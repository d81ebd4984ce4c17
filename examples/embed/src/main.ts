import { startApplication } from './application.ts'

const application = await startApplication({
  port: Number(process.env['PORT'] ?? 3000),
  data: process.env['DATA'] ?? '.data/embed',
  onEvent: ({ event, reason }) => {
    console.log(event, reason ?? '')
  },
  onFault: ({ requestId, message, cause }) => {
    console.error(requestId, message, cause)
  },
})

console.log(`${application.issuer} is an application with an authorization server inside`)
console.log(`client id ${application.clientId}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void application.close())
