/** The authorizations that another one hangs on, as a JSON list; absent for those that a person gave. */
export const derivations: readonly string[] = ['ALTER TABLE authorizations ADD COLUMN parents TEXT']
