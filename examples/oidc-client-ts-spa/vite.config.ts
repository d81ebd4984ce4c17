import { defineConfig } from 'vite'

// The redirect URI is registered with this port, so no other one may be taken.
export default defineConfig({ server: { host: '127.0.0.1', port: 5173, strictPort: true } })
