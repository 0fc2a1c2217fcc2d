using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>A block and what a collection makes of it.</summary>
internal sealed class CollectedNode(BlockInfo info)
{
    public BlockInfo Info { get; } = info;

    public List<(KeepKind Why, Digest256 Digest)> Needs { get; set; } = [];

    /// <summary>It is damaged: it may need anything.</summary>
    public bool IsUnknowable { get; init; }

    /// <summary>Why it stays; none where it may go.</summary>
    public List<KeepReason> Reasons { get; set; } = [];

    /// <summary>Whether it has expired itself, when it was looked at.</summary>
    public bool WasExpired { get; init; }

    /// <summary>Whether it goes as something that has expired: it has, and all that needs it.</summary>
    public bool HasExpired { get; set; }

    /// <summary>When it was last put, and later what it goes by: not before what needs it.</summary>
    public ulong LastPut { get; set; }

    /// <summary>How many blocks that may go and have not gone yet need it.</summary>
    public int NeededBy { get; set; }

    public bool IsNeededAtAll { get; set; }

    public Cid Cid => Cid.FromSha256(Info.Codec, Info.Digest);

    /// <summary>The bytes that the store is smaller by without it.</summary>
    public long Bytes => Info.Kind == RecordKind.View ? 0 : Info.Length;
}
