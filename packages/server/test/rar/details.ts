import type { DetailType } from '@sallyport/server'
import type { AccountsOptions } from '@sallyport/accounts'
import type { TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { newIssuer } from '../fixtures.ts'
import { realPeople } from '../real-pages.ts'

const [rs1, rs2] = ['https://rs1.test', 'https://rs2.test']

/** Types as an operator would declare them. */
export const detailTypes: readonly DetailType[] = [
  {
    type: 'payment',
    schema: {
      required: ['amount', 'payee'],
      properties: {
        amount: {
          type: 'object',
          required: ['currency', 'value'],
          properties: { currency: { enum: ['EUR', 'USD'] }, value: { type: 'string', pattern: '^\\d{1,9}\\.\\d{2}$' } },
        },
        payee: { type: 'string', maxLength: 12_000 },
        locations: { type: 'array', items: { type: 'string' } },
      },
    },
    narrowing: { 'amount.value': 'at_most' },
    words: {
      en: {
        title: 'Send money once',
        fields: { 'amount.value': 'Amount', 'amount.currency': 'Currency', payee: 'To' },
      },
      de: { title: 'Einmal Geld senden', fields: { payee: 'An' } },
    },
  },
  {
    type: 'accounts',
    schema: { properties: { actions: { type: 'array', items: { enum: ['balance', 'history'] }, minItems: 1 } } },
    words: { en: { title: 'Look at your accounts' } },
    optional: true,
    resources: [rs1],
  },
  {
    type: 'report',
    schema: { properties: { region: { type: 'string' } } },
    words: { en: { title: 'Make a report' } },
    forMachines: true,
    resources: [rs2],
  },
]

export const payment = (value = '99.50', more: object = {}) => ({
  type: 'payment',
  amount: { currency: 'EUR', value },
  payee: 'Robin',
  ...more,
})
export const accounts = (...actions: string[]) => ({ type: 'accounts', actions })

export const text = (...details: readonly unknown[]): string => JSON.stringify(details)

/** An issuer with these types, the pages that people really see, and requests that may come without a push where a test says so. */
export const detailIssuer = (
  options: TestIssuerOptions & { readonly mayFail?: boolean } = {},
  people: Partial<AccountsOptions> = {},
): Promise<TestIssuer> =>
  newIssuer({ authorizationDetails: detailTypes, people: realPeople(options.issuer, people), ...options })
