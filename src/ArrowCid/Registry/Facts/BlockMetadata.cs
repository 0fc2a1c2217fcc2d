namespace ArrowCid.Registry;

/// <summary>
/// The metadata of a block, beside its content: no part of it enters the CID. A null member makes no statement. Later
/// facts replace earlier ones, tag by tag; together they take at most 64 KiB (<c>Registry/FACTS.md</c>).
/// </summary>
public class BlockMetadata
{
    /// <summary>Tags: keys of 1 to 128 bytes of UTF-8, values of at most 1,024; a null value takes a tag away. At most
    /// 256 at once.</summary>
    public IReadOnlyDictionary<string, string?>? Tags { get; init; }

    /// <summary>The producer of the block, at most 256 bytes of UTF-8; an empty text removes it.</summary>
    public string? Producer { get; init; }

    /// <summary>The blocks that this one was made of, at most 512; none takes them away.</summary>
    public IReadOnlyList<Cid>? Parents { get; init; }

    /// <summary>Any JSON, of at most 32 KiB as dag-cbor and 32 levels; <c>null</c> takes it away.</summary>
    public string? Json { get; init; }

    /// <summary>Where else the block can be had, as URLs of at most 1,024 bytes, at most 32; none takes them
    /// away.</summary>
    public IReadOnlyList<string>? Locations { get; init; }

    /// <summary>When the block expires, to the millisecond; <see cref="DateTimeOffset.MaxValue"/> is never. A time more
    /// than a minute in the past is refused. A block that is put with a time that passes while the put runs expires as
    /// it is put. An expired block stays until it is collected; a later put of the block without an expiry ends the
    /// expiry.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When the block expires, counted from the moment at which it is put (of a block that is not put with
    /// these facts: from the call), to the millisecond and not negative. Not together with
    /// <see cref="Expires"/>.</summary>
    public TimeSpan? ExpiresAfter { get; init; }
}
