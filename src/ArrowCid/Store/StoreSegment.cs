namespace ArrowCid;

/// <summary>A segment of a store: one file of records.</summary>
/// <param name="Name">The file's name in the store's directory.</param>
/// <param name="Kind">What it holds: <c>data</c>, <c>facts</c>, or <c>large</c> (one large block).</param>
/// <param name="State">Where it is in its life: <c>creating</c>, <c>open</c> (it is appended to), <c>sealed</c> or
/// <c>retired</c> (it is being removed).</param>
/// <param name="Lane">The lane whose log it is part of.</param>
/// <param name="ByteLength">The file's bytes.</param>
/// <param name="BytesUsed">The bytes of records in it.</param>
/// <param name="Created">When it was made; null while it is being made.</param>
/// <param name="HeldBy">The processes that hold a lease on it, as far as they can be seen from here: one's own
/// user's (root: all) in this process namespace.</param>
/// <param name="HasUnnamedHolder">True if a process that cannot be seen from here holds it.</param>
public sealed record StoreSegment(string Name, string Kind, string State, int Lane, long ByteLength, long BytesUsed,
    DateTimeOffset? Created, IReadOnlyList<int> HeldBy, bool HasUnnamedHolder);
