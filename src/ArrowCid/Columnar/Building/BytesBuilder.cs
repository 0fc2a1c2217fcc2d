using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace ArrowCid.Columnar;

/// <summary>Builds a column of bytes: text and binary in their three layouts each, fixed-size binary, and the raw
/// little-endian bytes of a decimal256.</summary>
internal sealed class BytesBuilder : ArrowArrayBuilder
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true);

    private readonly ByteBuffer _data = new();
    private readonly List<int> _ends = [];
    private readonly int _width;

    /// <summary>Makes an empty builder.</summary>
    /// <param name="type">The type; by default utf8.</param>
    /// <exception cref="ArgumentException">The slots of that type are not bytes.</exception>
    public BytesBuilder(ArrowType? type = null) : base(type ?? ArrowType.Utf8)
    {
        bool isFixed = Type is FixedSizeBinaryType || Type.Id == ArrowTypeId.Decimal256;
        if (!isFixed && Type.Layout() is not (BufferLayout.Bytes32 or BufferLayout.Bytes64 or BufferLayout.ByteViews))
            throw new ArgumentException($"The slots of {Type} are not bytes: see ArrowArrayBuilder.For.", nameof(type));
        _width = isFixed ? Type.ByteWidth() : -1;
    }

    /// <summary>Appends text, or a null.</summary>
    /// <param name="value">The text, or null.</param>
    /// <exception cref="ArgumentException">The type is not text, or a surrogate in it stands alone.</exception>
    public void Append(string? value)
    {
        if (value is null)
        {
            AppendNull();
            return;
        }

        if (!Type.IsText()) throw new ArgumentException($"A column of {Type} takes bytes, not text.", nameof(value));
        s_strict.GetBytes(value, _data.Extend(s_strict.GetByteCount(value)));
        Close();
    }

    /// <summary>Appends bytes; for text they are UTF-8.</summary>
    /// <param name="value">The bytes; as many as the type has, where it has a width.</param>
    /// <exception cref="ArgumentException">Not UTF-8 in a text column, or another width.</exception>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (_width >= 0 && value.Length != _width)
            throw new ArgumentException($"{value.Length} bytes are no slot of {Type}.", nameof(value));
        if (Type.IsText() && !Utf8.IsValid(value))
            throw new ArgumentException("The bytes are not UTF-8.", nameof(value));
        value.CopyTo(_data.Extend(value.Length));
        Close();
    }

    /// <summary>Appends texts and nulls.</summary>
    /// <param name="values">The texts; null for a null.</param>
    /// <exception cref="ArgumentException">The type is not text, or a surrogate stands alone.</exception>
    public void AppendRange(params ReadOnlySpan<string?> values)
    {
        foreach (string? value in values) Append(value);
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        if (_width >= 0) _data.Extend(_width);
        else _ends.Add(_data.Count);
        CountNull();
    }

    internal override ReadOnlySpan<byte> SlotBytes(int index)
    {
        int start = Start(index);
        return _data.Written[start..(_width >= 0 ? start + _width : _ends[index])];
    }

    internal override void RemoveLast()
    {
        Uncount();
        _data.Cut(Start(Length));
        if (_width < 0) _ends.RemoveAt(Length);
    }

    private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls)
    {
        if (Type.Layout() == BufferLayout.ByteViews)
        {
            ReadOnlyMemory<byte> views = Views(out ReadOnlyMemory<byte> far);
            _data.Take();
            _ends.Clear();
            return new ArrowArray(Type, Length, far.IsEmpty ? [validity, views] : [validity, views, far],
                nullCount: nulls);
        }

        ReadOnlyMemory<byte>[] buffers = _width >= 0 ? [validity, _data.Take()] : [validity, Offsets(), _data.Take()];
        _ends.Clear();
        return new ArrowArray(Type, Length, buffers, nullCount: nulls);
    }

    private void Close()
    {
        if (_width < 0) _ends.Add(_data.Count);
        CountValid();
    }

    private int Start(int index) => _width >= 0 ? index * _width : index == 0 ? 0 : _ends[index - 1];

    private ReadOnlyMemory<byte> Offsets()
    {
        var offsets = new OffsetBuffer(isLong: Type.Layout() == BufferLayout.Bytes64);
        offsets.Add(0);
        foreach (int end in _ends) offsets.Add(end);
        return offsets.Take();
    }

    private ReadOnlyMemory<byte> Views(out ReadOnlyMemory<byte> far)
    {
        var views = new ByteBuffer();
        var data = new ByteBuffer();
        for (int i = 0; i < Length; i++)
        {
            ReadOnlySpan<byte> value = SlotBytes(i);
            Span<byte> view = views.Extend(ByteView.Size);
            BinaryPrimitives.WriteInt32LittleEndian(view, value.Length);
            if (value.Length <= ByteView.MaxInline)
            {
                value.CopyTo(view[4..]);
                continue;
            }

            value[..4].CopyTo(view[4..]);
            BinaryPrimitives.WriteInt32LittleEndian(view[12..], data.Count);
            value.CopyTo(data.Extend(value.Length));
        }

        far = data.Take();
        return views.Take();
    }
}
