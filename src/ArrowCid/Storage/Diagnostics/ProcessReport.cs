namespace ArrowCid.Storage;

/// <summary>A process that has the store open.</summary>
internal sealed record ProcessReport(int Process, string Name, uint? UserId, DateTimeOffset? Since, bool IsWriter,
    IReadOnlyList<int> Lanes, bool IsJanitor, IReadOnlyList<string> Segments);
