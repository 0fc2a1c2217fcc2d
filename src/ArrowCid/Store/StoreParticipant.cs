namespace ArrowCid;

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
