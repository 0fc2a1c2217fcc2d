namespace ArrowCid;

/// <summary>What a full store does.</summary>
public enum StoreRetention
{
    /// <summary>It keeps what it has and refuses puts with <see cref="ErrorCode.StoreFull"/>; room comes from removing
    /// blocks.</summary>
    Keep = 0,

    /// <summary>The oldest blocks that nobody leases go, a whole segment at a time. Names and pins are
    /// refused.</summary>
    Ring = 1,
}

/// <summary>A segment of a store: one file of records.</summary>
/// <param name="Name">The file's name in the store's directory.</param>
/// <param name="Kind">What it holds: <c>data</c>, <c>facts</c>, or <c>large</c> (one large block).</param>
/// <param name="State">Where it is in its life: <c>creating</c>, <c>open</c> (it is appended to), <c>sealed</c> or
/// <c>retired</c> (it is being taken away).</param>
/// <param name="Lane">The lane whose log it is part of.</param>
/// <param name="ByteLength">The file's bytes.</param>
/// <param name="BytesUsed">The bytes of records in it.</param>
/// <param name="Created">When it was made; null while it is being made.</param>
/// <param name="HeldBy">The processes that hold a lease on it, as far as they can be seen from here: one's own
/// user's (root: all) in this process namespace.</param>
/// <param name="HasUnnamedHolder">Whether somebody holds it who cannot be seen from here.</param>
public sealed record StoreSegment(string Name, string Kind, string State, int Lane, long ByteLength, long BytesUsed,
    DateTimeOffset? Created, IReadOnlyList<int> HeldBy, bool HasUnnamedHolder);

/// <summary>A process that has a store open.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="Program">Its short name, as the kernel or it itself says; a foreign text.</param>
/// <param name="UserId">Its user, where that can be told.</param>
/// <param name="Since">When it opened the store, or, for one that only reads, when it started.</param>
/// <param name="MayWrite">Whether it has the store open for writing.</param>
/// <param name="Lanes">The lanes that it writes.</param>
/// <param name="IsJanitor">Whether it is collecting or growing the index at the moment.</param>
/// <param name="Segments">The segments that it has mapped and leased.</param>
public sealed record StoreParticipant(int ProcessId, string Program, uint? UserId, DateTimeOffset? Since,
    bool MayWrite, IReadOnlyList<int> Lanes, bool IsJanitor, IReadOnlyList<string> Segments);

/// <summary>Something that a dead process left in a store.</summary>
/// <param name="Kind">What it is: <c>lane</c>, <c>segment</c>, <c>file</c> or <c>participant</c>.</param>
/// <param name="Name">Which one; of participants, how many.</param>
/// <param name="ByteLength">The bytes that it took.</param>
public readonly record struct ReapedItem(string Kind, string Name, long ByteLength);
