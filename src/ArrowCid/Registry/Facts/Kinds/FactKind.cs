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

    Sync = 13,

    // 12, 14, 15 and 19 are allocated, and passed over until something reads them.
    Result = 16,
    Copy = 17,
    Signed = 18,
    Damaged = 20,
    Audit = 21,
}
