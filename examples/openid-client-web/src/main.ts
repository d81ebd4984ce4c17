import { startApp } from './app.ts'

const required = (name: string): string => {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`set ${name}; the README says how`)
  return value
}

const origin = `http://localhost:${process.env['PORT'] ?? '3000'}`

await startApp({
  issuer: process.env['ISSUER'] ?? 'http://localhost:7636',
  clientId: required('CLIENT_ID'),
  clientSecret: required('CLIENT_SECRET'),
  origin,
  api: process.env['API'] ?? 'http://localhost:7641',
})

console.log(`My shop is at ${origin}/`)
