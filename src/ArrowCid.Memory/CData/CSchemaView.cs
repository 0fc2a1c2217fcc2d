using System.Runtime.CompilerServices;

namespace ArrowCid.Memory;

// A foreign struct says itself where everything lies, and how much of it there is can often not be known. What these
// views promise is that they look at nothing but what the struct points at; what it says is judged above.
// SAFETY: the producer's word, which the interface is built on: pointers that are not NULL are right, arrays have as
// many elements as the struct says, texts end with a NUL. Numbers and NULLs are checked before they are used.

/// <summary>A foreign struct ArrowSchema.</summary>
internal readonly unsafe struct CSchemaView(nint address)
{
    private readonly CSchema* _schema = (CSchema*)address;

    public bool IsReleased => _schema->Release is null;

    public long Flags => _schema->Flags;

    public long ChildCount => _schema->ChildCount;

    public bool HasFormat => _schema->Format is not null;

    public bool HasMetadata => _schema->Metadata is not null;

    public CSchemaView? Dictionary => _schema->Dictionary is null ? null : new CSchemaView((nint)_schema->Dictionary);

    /// <summary>A child, or null where there is none.</summary>
    public CSchemaView? Child(long index) => _schema->Children is null || _schema->Children[index] is null
        ? null
        : new CSchemaView((nint)_schema->Children[index]);

    /// <summary>The format's bytes, or at most some more than <paramref name="most"/> where no NUL ends it.</summary>
    public ReadOnlySpan<byte> Format(int most) => Text(_schema->Format, most);

    /// <summary>The name's bytes, likewise; none where it is NULL.</summary>
    public ReadOnlySpan<byte> Name(int most) => Text(_schema->Name, most);

    public int MetadataInt(long at) => Unsafe.ReadUnaligned<int>(_schema->Metadata + at);

    public ReadOnlySpan<byte> MetadataBytes(long at, int length) => new(_schema->Metadata + at, length);

    private static ReadOnlySpan<byte> Text(byte* text, int most)
    {
        if (text is null) return default;
        int length = 0;
        while (length <= most && text[length] != 0) length++;
        return new ReadOnlySpan<byte>(text, length);
    }
}
