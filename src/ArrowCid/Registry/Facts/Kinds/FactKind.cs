namespace ArrowCid.Registry;

/// <summary>What a fact speaks of. Numbers are part of the format.</summary>
internal enum FactKind
{
    Tags = 1,
    Producer = 2,
    Parents = 3,
    Json = 4,
    Locations = 5,
    Expiry = 6,
    Name = 7,
    Pin = 8,
    Hold = 9,
    Drop = 10,
    Removal = 11,
    Message = 12,
    Sync = 13,
    Consumer = 14,
    Beat = 15,
    Result = 16,
    Copy = 17,
    Signed = 18,

    // 19 is allocated, and passed over until something reads it.
    Damaged = 20,
    Audit = 21,
}
