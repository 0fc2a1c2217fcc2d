namespace ArrowCid.Ipc;

/// <summary>What a reader has met so far that the canonical form does away with.</summary>
internal sealed class IpcTraits
{
    public bool IsFile { get; set; }

    /// <summary>Whether a message came without the continuation marker.</summary>
    public bool HasLegacyFraming { get; set; }

    /// <summary>The numbers that the format gives its metadata versions: 3 is V4, 4 is V5; the lowest met.</summary>
    public short MetadataVersion { get; set; } = short.MaxValue;

    public bool IsBigEndian { get; set; }

    public bool HasLz4Bodies { get; set; }

    public bool HasZstdBodies { get; set; }

    /// <summary>The greatest of 64, 8 and 1 that divides where buffers and bodies begin, and bodies' lengths.</summary>
    public int Alignment { get; private set; } = 64;

    public int DeltaDictionaries { get; set; }

    public int ReplacedDictionaries { get; set; }

    /// <summary>Whether two fields name one dictionary.</summary>
    public bool HasSharedDictionaryIds { get; set; }

    public bool LacksEndOfStream { get; set; }

    /// <summary>Bytes after the end of the stream; not counted where they are not in memory.</summary>
    public long BytesAfterEndOfStream { get; set; }

    /// <summary>Whether messages or a footer carried custom_metadata that was dropped.</summary>
    public bool HasCustomMetadata { get; set; }

    public int Dictionaries { get; set; }

    public int Batches { get; set; }

    public void MeetAlignment(long position)
    {
        if (position % Alignment == 0) return;
        Alignment = position % 8 == 0 ? Math.Min(Alignment, 8) : 1;
    }
}
