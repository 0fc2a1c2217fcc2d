using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The block of a schema: its canonical message.</summary>
internal sealed class SchemaBlock(CanonicalSchema schema) : IBlockSource
{
    /// <summary>The request that puts a schema.</summary>
    public static PutRequest RequestOf(CanonicalSchema schema) => new(RecordKind.Schema, (uint)Multicodec.Raw,
        new SchemaBlock(schema), schema.Digest, 0, RecordFlags.OwnEncoder);

    public int Length => schema.Message.Length;

    public Digest256 WriteTo(Span<byte> destination)
    {
        schema.Message.CopyTo(destination);
        return schema.Digest;
    }
}
