namespace ArrowCid.Ipld.Car;

/// <summary>The numbers of content-addressed archives, versions 1 and 2.</summary>
internal static class CarFormat
{
    /// <summary>The most bytes of a header.</summary>
    public const int MaxHeaderBytes = 32 << 20;

    /// <summary>The most bytes of a section that is held in memory: of every one but raw bytes under a SHA-256, which
    /// are hashed as they pass.</summary>
    public const int MaxSectionBytes = 32 << 20;

    /// <summary>The most bytes of a block of raw bytes under a SHA-256.</summary>
    public const int MaxRawBytes = int.MaxValue - 1023;

    /// <summary>The header of version 2, with the pragma before it.</summary>
    public const int Version2Length = 51;

    /// <summary>The left-most bit of the characteristics: identity CIDs are in the index too.</summary>
    public const byte FullyIndexed = 0x80;

    public const string RootsKey = "roots", VersionKey = "version";

    /// <summary>What a file of version 2 begins with: the header <c>{version: 2}</c>.</summary>
    public static ReadOnlySpan<byte> Pragma =>
        [0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02];

    /// <summary>Whether a file that begins so may be an archive: the length of its header, and a small map in
    /// dag-cbor.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> start) =>
        Varint.TryRead(start, out ulong length, out int at) && length is > 0 and <= MaxHeaderBytes
        && at < start.Length && start[at] is 0xa1 or 0xa2 && start[(at + 1)..] is [0x67 or 0x65, ..] rest
        && (rest[1..].StartsWith("version"u8) || rest[1..].StartsWith("roots"u8));
}
