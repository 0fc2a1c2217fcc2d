namespace ArrowCid.Registry;

/// <summary>
/// What is said of a block, beside its content: nothing of it enters the CID. A member that is null says nothing. Later
/// facts replace earlier ones, a tag at a time; together they take at most 64 KiB (<c>Registry/FACTS.md</c>).
/// </summary>
public class BlockFacts
{
    /// <summary>Tags: keys of 1 to 128 bytes of UTF-8, values of at most 1,024; a null value takes a tag away. At most
    /// 256 at once.</summary>
    public IReadOnlyDictionary<string, string?>? Tags { get; init; }

    /// <summary>Who or what made the block, at most 256 bytes of UTF-8; empty takes it away.</summary>
    public string? Producer { get; init; }

    /// <summary>The blocks that this one was made of, at most 512; none takes them away.</summary>
    public IReadOnlyList<Cid>? Parents { get; init; }

    /// <summary>Any JSON, of at most 32 KiB as dag-cbor and 32 levels; <c>null</c> takes it away.</summary>
    public string? Json { get; init; }

    /// <summary>Where else the block can be had, as URLs of at most 1,024 bytes, at most 32; none takes them
    /// away.</summary>
    public IReadOnlyList<string>? Locations { get; init; }

    /// <summary>When the block is no longer needed, to the millisecond; <see cref="DateTimeOffset.MaxValue"/> is
    /// never. What has expired stays until somebody removes it (<c>rm --expired</c>); a put after that day ends the
    /// expiry.</summary>
    public DateTimeOffset? Expires { get; init; }
}
