namespace ArrowCid.Ipc;

/// <summary>The numbers of canonical-block.md.</summary>
internal static class BlockFormat
{
    public const int Alignment = 64;
    public const int MaxDepth = 32;
    public const int MaxBlockBytes = int.MaxValue - 1023;
    public const int EndOfStreamBytes = 8;

    /// <summary>The end of a stream as a number: a continuation marker and a length of 0.</summary>
    public const ulong EndOfStream = 0xFFFFFFFF;

    public const int SchemaMessage = 1, DictionaryMessage = 2, BatchMessage = 3;
    public const int MetadataV5 = 4;

    public static int Padding(long length) => (int)(-length & (Alignment - 1));
}
