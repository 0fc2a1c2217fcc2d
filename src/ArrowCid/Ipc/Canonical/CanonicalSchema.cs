using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>A schema prepared for encoding: its message, its digest, and the hash state right after it.</summary>
internal sealed class CanonicalSchema
{
    private readonly byte[] _message;

    private CanonicalSchema(Schema schema)
    {
        Fields = CanonicalField.Compile(schema);
        var writer = new FlatBufferWriter();
        SchemaWriter.Write(writer, Fields, CanonicalMetadata.OfSchema(schema));
        _message = writer.Written.ToArray();
        Digest = Sha256.Hash(_message);
        HashState.Append(_message);
        Flat = FlatShape.Of(schema);
    }

    public CanonicalField[] Fields { get; }

    /// <summary>The quick way to its batches, where there is one.</summary>
    public FlatShape? Flat { get; }

    /// <summary>The schema message, from its first FF to the end of its zeros.</summary>
    public ReadOnlySpan<byte> Message => _message;

    /// <summary>The SHA-256 of <see cref="Message"/>.</summary>
    public Digest256 Digest { get; }

    /// <summary>A hash that has taken in <see cref="Message"/>; to be copied from, never appended to.</summary>
    public Sha256 HashState { get; } = new();

    /// <summary>The form of a schema, made once for each <see cref="Schema"/> object.</summary>
    /// <exception cref="InvalidArrowException">
    /// A name or metadata has no canonical form, or the nesting is too deep.
    /// </exception>
    public static CanonicalSchema Of(Schema schema) => schema.Derived(static s => new CanonicalSchema(s));
}
