/** One thing that is wrong with a registration. */
export type ClientFault = { readonly member: string; readonly problem: string; readonly fix?: string | undefined }
