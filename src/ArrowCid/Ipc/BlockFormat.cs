namespace ArrowCid.Ipc;

/// <summary>The numbers of canonical-block.md.</summary>
internal static class BlockFormat
{
    public const int Alignment = 64;
    public const int MaxDepth = 32;
    public const int MaxBlockBytes = int.MaxValue - 1023;
    public const int EndOfStreamBytes = 8;

    public const int SchemaMessage = 1, DictionaryMessage = 2, BatchMessage = 3;
    public const int MetadataV5 = 4;

    public static int Padding(long length) => (int)(-length & (Alignment - 1));
}
