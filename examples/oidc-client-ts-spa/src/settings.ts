type Environment = { readonly VITE_ISSUER?: string; readonly VITE_CLIENT_ID?: string; readonly VITE_API?: string }

// Vite puts these in when it builds.
const environment = (import.meta as unknown as { readonly env: Environment }).env

export const issuer = environment.VITE_ISSUER ?? 'http://localhost:7636'
export const clientId = environment.VITE_CLIENT_ID ?? ''
export const api = environment.VITE_API ?? 'http://localhost:7641'
