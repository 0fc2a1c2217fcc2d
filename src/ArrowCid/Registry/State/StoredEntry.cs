using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>A block and its metadata at one moment. Immutable.</summary>
public sealed class StoredEntry
{
    private IReadOnlyList<string>? _signers;

    internal StoredEntry()
    {
    }

    /// <summary>The block's CID.</summary>
    public Cid Cid { get; internal init; }

    /// <summary>The CID of its schema, of a dataset that of its batches; null where the block is not here or has
    /// none.</summary>
    public Cid? SchemaCid { get; internal init; }

    /// <summary>What it is; <see cref="BlockKind.Unknown"/> where it is not here, and no copy elsewhere is
    /// known.</summary>
    public BlockKind Kind { get; internal init; }

    /// <summary>Rows of a batch, or of all batches of a dataset; else 0.</summary>
    public long Rows { get; internal init; }

    /// <summary>The number of a dataset's batches; null where the block is no dataset, or a page of it is not
    /// here.</summary>
    public long? BatchCount { get; internal init; }

    /// <summary>The bytes of all batches of a dataset together; null where the block is no dataset.</summary>
    public long? DataByteLength { get; internal init; }

    /// <summary>The block's bytes; 0 where it is not here, and no copy elsewhere is known.</summary>
    public long ByteLength { get; internal init; }

    /// <summary>Whether the block is here. Facts may speak of one that is not, or no longer.</summary>
    public bool IsPresent { get; internal init; }

    /// <summary>When it was first put; null where it is not here.</summary>
    public DateTimeOffset? Created { get; internal init; }

    /// <summary>When it was last put, or announced again; null where it never was.</summary>
    public DateTimeOffset? LastPut { get; internal init; }

    /// <summary>Who or what made it, as was said; or null.</summary>
    public string? Producer { get; internal init; }

    /// <summary>The blocks that it was made of, as was said.</summary>
    public IReadOnlyList<Cid> Parents { get; internal init; } = [];

    /// <summary>The names that point to it, sorted by their characters' codes.</summary>
    public IReadOnlyList<string> Names { get; internal init; } = [];

    /// <summary>Whether it is pinned, or held by a process that lives.</summary>
    public bool IsPinned { get; internal init; }

    /// <summary>Whether a process that lives holds it.</summary>
    public bool IsHeld { get; internal init; }

    /// <summary>Whether it is pinned, by any holder.</summary>
    internal bool HasPin { get; init; }

    /// <summary>When it is no longer needed; null is never.</summary>
    public DateTimeOffset? Expires { get; internal init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; internal init; } = BlockMetadataState.NoTags;

    /// <summary>Where else it can be had, as was said.</summary>
    public IReadOnlyList<string> Locations { get; internal init; } = [];

    /// <summary>The places that are known to have a copy (<see cref="StorePlaces"/>), sorted by name.</summary>
    public IReadOnlyList<BlockCopy> Copies { get; internal init; } = [];

    /// <summary>The keys whose signed statements about the block hold, as texts of public keys, sorted. They are
    /// verified when this is first requested, while the store is open. Tags made with a shared secret do not
    /// count.</summary>
    public IReadOnlyList<string> Signers
    {
        get => _signers ??= SignersOf?.Invoke(Signed) ?? [];
        internal init => _signers = value;
    }

    /// <summary>The signed statements about the block, which may be broken.</summary>
    internal IReadOnlyList<SignedPair> Signed { get; init; } = [];

    /// <summary>Verifies them; null where there are none.</summary>
    internal Func<IReadOnlyList<SignedPair>, IReadOnlyList<string>>? SignersOf { get; init; }

    /// <summary>The JSON that was given with it, without white space and with sorted keys; or null.</summary>
    public string? Json => Data is null ? null : JsonText.Format(Data);

    /// <summary>The JSON as a node; or null.</summary>
    internal IpldNode? Data { get; init; }

    /// <summary>Whether it was no longer needed at some time.</summary>
    /// <param name="now">The time.</param>
    /// <returns>True where <see cref="Expires"/> is then or before.</returns>
    public bool IsExpired(DateTimeOffset now) => Expires <= now;
}
