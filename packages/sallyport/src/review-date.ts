import type { Client } from '@sallyport/server'

const year = 365 * 86_400

/** When somebody has to look at a client again (A-GOV-05). */
export const reviewDate = ({ reviewBy, createdAt }: Client): number => reviewBy ?? createdAt + year
