import type { Config } from './config/load.ts'

const hour = 3600

/**
 * The door for clients that register themselves, as `dev` opens it unless the configuration says something: for addresses on
 * this machine, for clients of MCP servers, for little, and for an hour without use. `start` never does this.
 */
export const withDevelopmentDoor = (config: Config, scope: readonly string[]): Config =>
  config.registration.mode !== 'off'
    ? config
    : {
        ...config,
        registration: {
          ...config.registration,
          mode: 'open',
          mcp: true,
          redirectHosts: ['localhost', '127.0.0.1'],
          scope,
          perNetwork: 500,
          mostClients: 200,
          unusedLifetime: hour,
        },
      }
