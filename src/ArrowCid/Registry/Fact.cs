using ArrowCid.Ipld;
using ArrowCid.Memory;

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

    // 12 to 19 are allocated, and passed over until something reads them.
    Damaged = 20,
}

/// <summary>One thing that is said. A subject of <c>default</c> is the block that the record is put with.</summary>
internal abstract record Fact(FactKind Kind);

/// <summary>Tags set, and taken away where the value is null; the keys in dag-cbor's order, each once.</summary>
internal sealed record TagsFact(Cid Subject, KeyValuePair<string, string?>[] Tags) : Fact(FactKind.Tags);

internal sealed record ProducerFact(Cid Subject, string? Producer) : Fact(FactKind.Producer);

internal sealed record ParentsFact(Cid Subject, Cid[] Parents) : Fact(FactKind.Parents);

/// <summary>Free JSON; the null node takes it away.</summary>
internal sealed record JsonFact(Cid Subject, IpldNode Data) : Fact(FactKind.Json);

internal sealed record LocationsFact(Cid Subject, string[] Locations) : Fact(FactKind.Locations);

/// <summary>Milliseconds since 1970, or null: never.</summary>
internal sealed record ExpiryFact(Cid Subject, ulong? Expires) : Fact(FactKind.Expiry);

/// <summary>A name stands for a block, or for nothing; and the change that this one replaces.</summary>
internal sealed record NameFact(string Name, Cid? Target, FactStamp? Previous) : Fact(FactKind.Name);

internal sealed record PinFact(Cid Subject, bool IsPinned) : Fact(FactKind.Pin);

/// <summary>Blocks that are kept while a lock byte of the control file is locked. Bytes are drawn at random and never
/// used twice, so that a byte is its own nonce.</summary>
internal sealed record HoldFact(Cid[] Subjects, ulong LockByte) : Fact(FactKind.Hold);

/// <summary>Copies and announcements up to each lane's number in the fence are void for these blocks.</summary>
internal sealed record DropFact(ulong[] Horizon, Digest256[] Digests) : Fact(FactKind.Drop);

/// <summary>Why one block was dropped, for who asks later: its CID, its bytes, and by which rule it went.</summary>
/// <param name="Cid">The block.</param>
/// <param name="Bytes">The bytes that the store is smaller by.</param>
/// <param name="Reason">A <see cref="RemovalReason"/>; a later version may have others.</param>
internal readonly record struct RemovedBlock(Cid Cid, ulong Bytes, ulong Reason);

/// <summary>Blocks that were dropped by the drop beside it, who dropped them and by which rule. It changes
/// nothing.</summary>
internal sealed record RemovalFact(string By, string Rule, RemovedBlock[] Blocks) : Fact(FactKind.Removal);

/// <summary>A range of a segment whose bytes are not what was written there. It describes the files of one store and
/// never travels.</summary>
/// <param name="Block">The block whose record it is; null where no record can be read.</param>
/// <param name="Slot">The segment's slot.</param>
/// <param name="Generation">The segment's generation.</param>
/// <param name="Offset">The offset of the first byte, a multiple of 64.</param>
/// <param name="Bytes">The number of bytes.</param>
/// <param name="At">When the damage was found, in ms since 1970.</param>
internal sealed record DamagedFact(Cid? Block, ulong Slot, ulong Generation, ulong Offset, ulong Bytes, ulong At)
    : Fact(FactKind.Damaged);

/// <summary>Facts that one handle said at one time.</summary>
internal sealed record FactGroup(FactStamp Stamp, Fact[] Facts);
