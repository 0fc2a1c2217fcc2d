namespace ArrowCid.Storage;

/// <summary>The payload of a FACT record, and the time that its record has.</summary>
internal readonly record struct FactPayload(byte[] Bytes, ulong Nanoseconds);
