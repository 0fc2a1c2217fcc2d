using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>The rows of batches by their key.</summary>
internal sealed class KeyIndex
{
    private readonly List<DiffPart> _parts;
    private readonly long[] _starts;
    private readonly ColumnPair[] _key;
    private readonly Dictionary<byte[], long> _rows = new(new ByKeyBytes());
    private readonly Dictionary<byte[], long>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly HashSet<long> _found = [];
    private byte[] _bytes = new byte[64];
    private int _length;

    public KeyIndex(List<DiffPart> parts, ColumnPair[] key)
    {
        (_parts, _key) = (parts, key);
        _lookup = _rows.GetAlternateLookup<ReadOnlySpan<byte>>();
        _starts = new long[parts.Count];
        long row = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            _starts[i] = row;
            RecordBatch batch = parts[i].Batch;
            for (int slot = 0; slot < batch.Length; slot++, row++)
            {
                _length = 0;
                foreach (ColumnPair pair in key) Append(pair.KeyOfA(pair.A(batch), slot));
                if (_lookup.TryAdd(_bytes.AsSpan(0, _length), row)) continue;
                throw Twice("A", _lookup[_bytes.AsSpan(0, _length)], row);
            }
        }
    }

    /// <summary>A row of the batches.</summary>
    public (RecordBatch Batch, int Slot) this[long row]
    {
        get
        {
            int at = Array.BinarySearch(_starts, row);
            // Of parts that begin with one row the last has rows.
            if (at < 0) at = ~at - 1;
            while (at + 1 < _starts.Length && _starts[at + 1] <= row) at++;
            return (_parts[at].Batch, (int)(row - _starts[at]));
        }
    }

    /// <summary>The row with the key of another side's slot, or null.</summary>
    public long? Find(RecordBatch b, int slot)
    {
        _length = 0;
        foreach (ColumnPair pair in _key) Append(pair.KeyOfB(pair.B(b), slot));
        if (!_lookup.TryGetValue(_bytes.AsSpan(0, _length), out long row)) return null;
        return _found.Add(row) ? row : throw new ArrowCidException(ErrorCode.InvalidArgument, string.Create(
            CultureInfo.InvariantCulture,
            $"two rows of B have the key of row {row} of A; name columns that tell rows apart"));
    }

    /// <summary>Rows whose key was never looked for.</summary>
    public IEnumerable<long> Unfound()
    {
        long rows = _rows.Count;
        for (long row = 0; row < rows; row++)
        {
            if (!_found.Contains(row)) yield return row;
        }
    }

    private static ArrowCidException Twice(string side, long first, long second) => new(ErrorCode.InvalidArgument,
        string.Create(CultureInfo.InvariantCulture,
            $"rows {first} and {second} of {side} have one key; name columns that tell rows apart"));

    private void Append(ReadOnlySpan<byte> value)
    {
        int needed = _length + sizeof(int) + value.Length;
        if (_bytes.Length < needed)
            Array.Resize(ref _bytes, Math.Max(needed, (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_length), value.Length);
        value.CopyTo(_bytes.AsSpan(_length + sizeof(int)));
        _length = needed;
    }

    private sealed class ByKeyBytes : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());
    }
}
