/** One page of a list; `next` is given back as `after`. */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | undefined }
