using ArrowCid.Signing;

namespace ArrowCid.Channels;

/// <summary>What a message carries: blocks, bytes, or the keys that may write from then on.</summary>
internal sealed record MessageContent
{
    /// <summary>The blocks; none where it carries something else.</summary>
    public IReadOnlyList<Cid> Blocks { get; init; } = [];

    /// <summary>The bytes; null where it carries something else.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    /// <summary>The keys; null where it carries something else.</summary>
    public IReadOnlyList<PublicKey>? Writers { get; init; }

    /// <summary>Where the blocks may be read: the number of a block, and a location.</summary>
    public IReadOnlyList<(int Block, string Location)> Hints { get; init; } = [];
}
