namespace ArrowCid.Tests.Ipc;

/// <summary>How a test writes what it has: the forms that a reader must accept.</summary>
internal sealed record Form
{
    public bool BigEndian { get; init; }

    /// <summary>3 is V4, 4 is V5.</summary>
    public short Version { get; init; } = 4;

    /// <summary>No continuation markers.</summary>
    public bool Legacy { get; init; }

    /// <summary>0 LZ4 frame, 1 zstd, -1 none.</summary>
    public int Codec { get; init; } = -1;

    /// <summary>With a codec: every second buffer stored as it is, which the format allows.</summary>
    public bool StoresSome { get; init; }

    public int Alignment { get; init; } = 8;

    public bool EndOfStream { get; init; } = true;

    /// <summary>Null counts of -1.</summary>
    public bool UnknownNullCounts { get; init; }

    /// <summary>No vectors that would be empty, no fields that have their default.</summary>
    public bool Sparse { get; init; }
}
