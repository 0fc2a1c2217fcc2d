namespace ArrowCid.Registry;

/// <summary>Keys from one on (null: from the first) and below another (null: to the last).</summary>
internal readonly record struct KeyRange(byte[]? Low, byte[]? High)
{
    public bool Holds(ReadOnlySpan<byte> key) =>
        (Low is null || key.SequenceCompareTo(Low) >= 0) && (High is null || key.SequenceCompareTo(High) < 0);

    /// <summary>What lies in both.</summary>
    public KeyRange And(KeyRange other) => new(
        Low is null || (other.Low is not null && other.Low.AsSpan().SequenceCompareTo(Low) > 0) ? other.Low : Low,
        High is null || (other.High is not null && other.High.AsSpan().SequenceCompareTo(High) < 0)
            ? other.High : High);
}
