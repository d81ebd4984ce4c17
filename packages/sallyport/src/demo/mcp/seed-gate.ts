import { laterResourceMembers, type SecurityEvent, type Store } from '@sallyport/server'
import { gateAddress, gateScopes, type DemoAddresses } from '../demo.ts'

/** Registers the MCP server as a resource, once for each address that it ever had. */
export async function seedGate(store: Store, addresses: DemoAddresses, eventOf: () => SecurityEvent): Promise<void> {
  const id = gateAddress(addresses)
  if ((await store.findResource(id)) !== undefined) return
  const scopes = [
    { name: gateScopes.look, description: 'See who stands at the gate' },
    { name: gateScopes.open, description: 'Open the gate for you' },
  ]
  const gate = { ...laterResourceMembers, id, name: 'Gatehouse', scopes, accessTokenLifetime: undefined }
  await store.admin.saveResource(gate, [eventOf()])
}
