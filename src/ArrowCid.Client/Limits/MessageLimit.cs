namespace ArrowCid.Flight.Limits;

/// <summary>The most bytes that a message of a call may have, as it comes and once it is decompressed.</summary>
/// <param name="MostBytes">The limit.</param>
internal sealed record MessageLimit(int MostBytes)
{
    /// <summary>No limit but that of the format.</summary>
    public static MessageLimit None { get; } = new(int.MaxValue);

    /// <summary>The limit of messages that begin with one of <see cref="LongStarts"/>; 0 where there are
    /// none.</summary>
    public int MostLong { get; init; }

    /// <summary>The first bytes of messages that may be longer.</summary>
    public IReadOnlyList<byte[]> LongStarts { get; init; } = [];

    /// <summary>The number of first bytes that tell whether a message may be longer.</summary>
    public int LongStartBytes => LongStarts.Count == 0 ? 0 : LongStarts.Max(start => start.Length);

    /// <summary>Whether the call is a put, which may wait for memory.</summary>
    public bool IsUpload { get; init; }

    /// <summary>Whether a message may have a length, if it begins as long ones do.</summary>
    public bool MayBeLong(long length) => length > MostBytes && length <= MostLong;

    /// <summary>Whether the first bytes are those of a message that may be longer.</summary>
    public bool IsLong(ReadOnlySpan<byte> start) => MostLong > 0 && BeginsAsLong(start);

    private bool BeginsAsLong(ReadOnlySpan<byte> start)
    {
        foreach (byte[] each in LongStarts)
        {
            if (start.StartsWith(each)) return true;
        }

        return false;
    }
}
