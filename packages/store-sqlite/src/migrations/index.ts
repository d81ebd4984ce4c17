import { core } from './0001-core.ts'
import { devices } from './0010-devices.ts'
import { registrations } from './0030-registrations.ts'
import { accessTokens } from './0040-access-tokens.ts'
import { logos } from './0044-logos.ts'
import { governance } from './0050-governance.ts'
import { exceptions } from './0051-exceptions.ts'
import { ownership } from './0060-ownership.ts'
import { bindings } from './0070-bindings.ts'
import { pushedRequests } from './0080-pushed-requests.ts'
import { logouts } from './0090-logouts.ts'
import { externalKeys } from './0100-external-keys.ts'
import { backchannel } from './0120-backchannel.ts'
import { secondFactors } from './0130-second-factors.ts'
import { derivations } from './0140-derivations.ts'
import { registrationChannels } from './0150-registration-channels.ts'

/** One forward step of the schema: its name, which is stored when it was done, and its statements. */
export type Step = { readonly name: string; readonly statements: readonly string[] }

/** Every step there is, in order. A published step is never edited; what is wrong in it is put right by a later one. */
export const steps: readonly Step[] = [
  { name: '0001-core', statements: core },
  { name: '0010-devices', statements: devices },
  { name: '0030-registrations', statements: registrations },
  { name: '0040-access-tokens', statements: accessTokens },
  { name: '0044-logos', statements: logos },
  { name: '0050-governance', statements: governance },
  { name: '0051-exceptions', statements: exceptions },
  { name: '0060-ownership', statements: ownership },
  { name: '0070-bindings', statements: bindings },
  { name: '0080-pushed-requests', statements: pushedRequests },
  { name: '0090-logouts', statements: logouts },
  { name: '0100-external-keys', statements: externalKeys },
  { name: '0120-backchannel', statements: backchannel },
  { name: '0130-second-factors', statements: secondFactors },
  { name: '0140-derivations', statements: derivations },
  { name: '0150-registration-channels', statements: registrationChannels },
]
