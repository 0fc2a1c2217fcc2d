namespace ArrowCid.Ipc;

/// <summary>One message: its header, valid until the next message is read, and its body.</summary>
internal readonly ref struct IpcMessage
{
    public const byte SchemaHeader = 1, DictionaryHeader = 2, BatchHeader = 3;

    /// <summary>The numbers of the metadata versions that are read.</summary>
    public const short V4 = 3, V5 = 4;

    public FlatTable Header { get; init; }

    public byte HeaderType { get; init; }

    public short Version { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Where the message begins in the input.</summary>
    public long Offset { get; init; }

    /// <summary>Where the body begins in the input.</summary>
    public long BodyOffset { get; init; }

    /// <summary>The body's bytes, where <see cref="Body"/> may hold fewer.</summary>
    public long BodyLength { get; init; }

    /// <summary>Where <see cref="Body"/> begins in the body: 0, unless it is only a part.</summary>
    public long BodyStart { get; init; }

    /// <summary>The buffers of a body that is not held in one piece; else null.</summary>
    public BodyPieces? Pieces { get; init; }

    /// <summary>Whether the body was left where it is, to be read in parts by <see cref="LargeBatch"/>.</summary>
    public bool IsLarge { get; init; }

    /// <summary>The bytes of the body that can be read.</summary>
    public long HeldLength => Pieces is null && !IsLarge ? Body.Length : BodyLength;
}
