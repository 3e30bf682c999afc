/**
 * Random access to the bytes of one quarantined or released file: all that an inspector or a delivery ever gets to see of it.
 */

export interface ByteSource {
  /** Whole length in bytes. */
  readonly sizeBytes: number;
  /**
   * Reads at most `lengthBytes` from `offset`; shorter only at the end of the file. The result is the caller's until the next
   * `read` of the same source.
   * @throws GateError STORAGE_READ_FAILED
   */
  read(offset: number, lengthBytes: number): Promise<Uint8Array>;
  /** Gives back what the source holds. Safe to call twice. */
  close(): Promise<void>;
}

/** A source over bytes already in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (offset, lengthBytes) => bytes.subarray(offset, offset + lengthBytes),
    close: async () => {},
  };
}
