using System.Buffers;
using System.Runtime.CompilerServices;

namespace ArrowCid.Ipld;

/// <summary>
/// Writes one dag-cbor value forward, without nodes and without memory of its own: what
/// <see cref="DagCbor.Encode(IpldNode)"/> would write. Counts are given first and lists and maps end by them; keys must
/// come sorted (<see cref="IpldText.CompareKeys"/>). A call out of place throws
/// <see cref="InvalidOperationException"/>.
/// </summary>
internal ref struct DagCborWriter(IBufferWriter<byte> output)
{
    /// <summary>The most lists and maps inside each other; deeper values go through <see cref="IpldNode"/>.</summary>
    public const int MaxDepth = 16;

    private Levels _levels;
    private int _depth;
    private bool _hasBegun;

    /// <summary>Whether one value is written whole.</summary>
    public readonly bool IsComplete => _hasBegun && _depth == 0;

    public void WriteNull() => WriteByte(CborHead.Null);

    public void WriteBool(bool value) => WriteByte(value ? CborHead.True : CborHead.False);

    public void WriteInteger(long value)
    {
        if (value < 0) WriteHead(CborHead.Negative, (ulong)(-1 - value));
        else WriteHead(CborHead.Unsigned, (ulong)value);
    }

    public void WriteInteger(ulong value) => WriteHead(CborHead.Unsigned, value);

    public void WriteFloat(double value)
    {
        if (!double.IsFinite(value)) throw new ArgumentOutOfRangeException(nameof(value), value, "Not finite.");
        Begin();
        output.Advance(CborHead.WriteFloat(output.GetSpan(CborHead.MaxLength), value));
        End();
    }

    public void WriteBytes(scoped ReadOnlySpan<byte> value)
    {
        Begin();
        Put(CborHead.Bytes, (ulong)value.Length);
        output.Write(value);
        End();
    }

    public void WriteText(ReadOnlySpan<char> value)
    {
        Begin();
        PutText(value);
        End();
    }

    public void WriteLink(Cid value)
    {
        if (value.IsDefault) throw new ArgumentException("default(Cid) links to nothing.", nameof(value));
        Begin();
        output.Advance(CborHead.WriteLink(output.GetSpan(CborHead.LinkLength(value)), value));
        End();
    }

    /// <summary>Writes a node with all that is in it.</summary>
    public void WriteNode(IpldNode value)
    {
        if (_depth + value.Depth > DagCbor.MaxDepth) throw new InvalidOperationException("Nested too deep.");
        Begin();
        DagCbor.Encode(value, output);
        End();
    }

    /// <summary>Begins a list; it ends with its last item.</summary>
    public void BeginList(int count) => Open(CborHead.List, count);

    /// <summary>Begins a map of keys and values in turn; it ends with its last value.</summary>
    public void BeginMap(int count) => Open(CborHead.Map, count);

    /// <summary>Writes a map's next key; the next call writes its value.</summary>
    public void WriteKey(string key)
    {
        if (_depth == 0 || !_levels[_depth - 1].IsMap || _levels[_depth - 1].HasKey)
        {
            throw new InvalidOperationException($"The key '{key}' is not where a map has a key.");
        }

        ref Level level = ref _levels[_depth - 1];
        if (level.LastKey is not null && IpldText.CompareKeys(level.LastKey, key) >= 0)
        {
            throw new InvalidOperationException($"The key '{key}' does not sort behind '{level.LastKey}'.");
        }

        (level.LastKey, level.HasKey) = (key, true);
        PutText(key);
    }

    private void WriteByte(byte value)
    {
        Begin();
        output.GetSpan(1)[0] = value;
        output.Advance(1);
        End();
    }

    private void WriteHead(int major, ulong argument)
    {
        Begin();
        Put(major, argument);
        End();
    }

    private void Open(int major, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (_depth == MaxDepth) throw new InvalidOperationException($"Over {MaxDepth} lists and maps in each other.");
        Begin();
        Put(major, (ulong)count);
        _levels[_depth++] = new Level { Left = count, IsMap = major == CborHead.Map };
        if (count > 0) return;
        _depth--;
        End();
    }

    private readonly void Put(int major, ulong argument) =>
        output.Advance(CborHead.Write(output.GetSpan(CborHead.MaxLength), major, argument));

    private readonly void PutText(ReadOnlySpan<char> value)
    {
        if (!IpldText.IsWellFormed(value)) throw new ArgumentException("A surrogate stands alone.", nameof(value));
        int length = IpldText.Utf8.GetByteCount(value);
        Put(CborHead.Text, (ulong)length);
        output.Advance(IpldText.Utf8.GetBytes(value, output.GetSpan(length)));
    }

    private void Begin()
    {
        if (_depth == 0 ? _hasBegun : _levels[_depth - 1].IsMap && !_levels[_depth - 1].HasKey)
        {
            throw new InvalidOperationException(_depth == 0 ? "A block holds one value." : "The value has no key.");
        }

        _hasBegun = true;
    }

    private void End()
    {
        while (_depth > 0)
        {
            ref Level level = ref _levels[_depth - 1];
            level.HasKey = false;
            if (--level.Left > 0) return;
            _depth--;
        }
    }

    private struct Level
    {
        public int Left;
        public bool IsMap;
        public bool HasKey;
        public string? LastKey;
    }

    [InlineArray(MaxDepth)]
    private struct Levels
    {
        private Level _first;
    }
}
