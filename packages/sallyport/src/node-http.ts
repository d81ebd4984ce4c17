/**
 * node:http, without what importing it by name costs: an import makes a copy of every export, and reading some of them
 * loads node's whole fetch implementation, a tenth of the time to the first answer, which no server needs.
 */
export const { createServer, IncomingMessage, METHODS, ServerResponse } = process.getBuiltinModule('node:http')
