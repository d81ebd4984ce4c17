/** How a SQLite store is opened. */
export type SqliteStoreOptions = {
  /** Path of the database file. Its directory must exist. */
  readonly path: string
  /** Refuse to begin with an empty file, for a server that has run here before (FT-08). Default false. */
  readonly mustExist?: boolean | undefined
  /** `apply` (default) brings the schema up to date; `require` refuses a file that is behind. */
  readonly migrations?: 'apply' | 'require' | undefined
  /** Milliseconds to wait for another process's lock. Default 5000. */
  readonly patience?: number | undefined
  /**
   * Bytes of page cache. Default 8 MiB: a larger one makes commits dearer, because SQLite looks through all of it whenever
   * pages were rearranged.
   */
  readonly cacheBytes?: number | undefined
  /**
   * Bytes of the file that are read through a memory map. Default 0: mapped pages count as memory of the process, and a
   * fault of the disk would end it.
   */
  readonly mmapBytes?: number | undefined
  /** Largest size of the file in bytes; beyond it writes are refused as on a full disk. Unbounded when left out. */
  readonly maxBytes?: number | undefined
  /** For fault tests: told each statement, values included, right before it runs. Slow; never for production. */
  readonly onStatement?: ((sql: string) => void) | undefined
}
