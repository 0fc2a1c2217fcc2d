namespace ArrowCid.Server.Http;

/// <summary>The limits of <see cref="MadeFiles"/>.</summary>
internal sealed record MadeFileLimits
{
    /// <summary>The largest number of bytes of all files that no request uses. The last used file is kept even if it
    /// is larger.</summary>
    public long IdleBytes { get; init; } = 1L << 30;

    /// <summary>The largest number of bytes of all files. One file alone may be larger.</summary>
    public long TotalBytes { get; init; } = 8L << 30;

    /// <summary>How long a file is kept that no request uses.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The largest number of files that are made at the same time; the others wait.</summary>
    public int Makers { get; init; } = Environment.ProcessorCount;
}
