namespace ArrowCid.Flight.Limits;

/// <summary>The most bytes that a message of a call may have, as it comes and once it is decompressed.</summary>
/// <param name="MostBytes">The limit.</param>
internal sealed record MessageLimit(int MostBytes)
{
    /// <summary>No limit but that of the format.</summary>
    public static MessageLimit None { get; } = new(int.MaxValue);

    /// <summary>The limit of messages that begin with <see cref="LongStart"/>; 0 where there are none.</summary>
    public int MostLong { get; init; }

    /// <summary>The first bytes of messages that may be longer.</summary>
    public ReadOnlyMemory<byte> LongStart { get; init; }

    /// <summary>Whether the call is a put, which may wait for memory.</summary>
    public bool IsUpload { get; init; }

    /// <summary>Whether a message may have a length, if it begins as long ones do.</summary>
    public bool MayBeLong(long length) => length > MostBytes && length <= MostLong;

    /// <summary>Whether the first bytes are those of a message that may be longer.</summary>
    public bool IsLong(ReadOnlySpan<byte> start) => MostLong > 0 && start.StartsWith(LongStart.Span);
}
