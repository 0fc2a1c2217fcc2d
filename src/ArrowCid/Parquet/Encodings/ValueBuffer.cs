using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>The values of a leaf as they are decoded: of fixed width, bits, or byte strings with offsets.</summary>
internal sealed class ValueBuffer
{
    private readonly ByteBudget _budget;
    private byte[] _data = [];
    private byte[] _offsets = [];

    public ValueBuffer(PhysicalType type, int width, ByteBudget budget)
    {
        (Type, Width, _budget) = (type, width, budget);
        if (IsBytes) Extend(ref _offsets, 0, sizeof(int), 0).Clear();
    }

    public PhysicalType Type { get; }

    public int Width { get; }

    public int Count { get; private set; }

    public bool IsBytes => Type == PhysicalType.ByteArray;

    /// <summary>The values, bits, or bytes of strings.</summary>
    public Memory<byte> Data => _data.AsMemory(0, IsBytes ? Ends[Count]
        : Type == PhysicalType.Boolean ? Bits.ByteCount(Count) : Count * Width);

    /// <summary>All allocated bytes: there may be space for nulls after the values.</summary>
    public byte[] Allocated => _data;

    /// <summary>Of byte strings: <see cref="Count"/> + 1 int32.</summary>
    public Memory<byte> Offsets => _offsets.AsMemory(0, (Count + 1) * sizeof(int));

    /// <summary>The bytes of the longest value.</summary>
    public long LongestEntry
    {
        get
        {
            if (!IsBytes) return Math.Max(Width, 1);
            ReadOnlySpan<int> ends = Ends;
            int longest = 0;
            for (int i = 0; i < Count; i++) longest = Math.Max(longest, ends[i + 1] - ends[i]);
            return longest;
        }
    }

    /// <summary>Lets go of the values.</summary>
    public void Return()
    {
        _budget.Return(_data.Length);
        (_data, Count) = ([], 0);
    }

    private Span<int> Ends => MemoryMarshal.Cast<byte, int>(_offsets.AsSpan());

    /// <summary>Allocates memory for expected bytes at once, so that it need not grow.</summary>
    public void Expect(long bytes)
    {
        if (bytes > _data.Length && bytes <= Array.MaxLength) Extend(ref _data, 0, (int)bytes, 0);
    }

    /// <summary>Space for values of fixed width, not cleared.</summary>
    public Span<byte> Fixed(int count)
    {
        Span<byte> span = Extend(ref _data, (long)Count * Width, (long)count * Width, (long)Count * Width);
        Count += count;
        return span;
    }

    public void AddBits(ReadOnlySpan<byte> bits, int count)
    {
        if (Bits.ByteCount(count) > bits.Length) throw ParquetFault.Broken($"a page ends before its values do");
        ClearBits(count);
        Bits.Copy(bits, 0, _data, Count, count);
        Count += count;
    }

    public void AddBits(ref RleReader reader, int count)
    {
        ClearBits(count);
        reader.ReadBits(_data, Count, count);
        Count += count;
    }

    /// <summary>Byte strings, each after its length.</summary>
    public void AddPlainBytes(ReadOnlySpan<byte> page, int count)
    {
        int start = Count == 0 ? 0 : Ends[Count];
        if (page.Length < 4L * count) throw Short();
        Span<byte> target = Extend(ref _data, start, page.Length - 4L * count, start);
        Extend(ref _offsets, (Count + 1L) * 4, 4L * count, (Count + 1L) * 4);
        Span<int> ends = Ends.Slice(Count + 1, count);
        int at = 0, written = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            if (page.Length - at < 4) throw Short();
            int length = BinaryPrimitives.ReadInt32LittleEndian(page[at..]);
            at += 4;
            if ((uint)length > (uint)(page.Length - at) || length > target.Length - written) throw Short();
            page.Slice(at, length).CopyTo(target[written..]);
            at += length;
            written += length;
            ends[i] = start + written;
        }

        Count += count;
    }

    /// <summary>Byte strings that are stored one after another.</summary>
    public void AddBytes(ReadOnlySpan<int> lengths, ReadOnlySpan<byte> data)
    {
        long total = 0;
        foreach (int length in lengths)
        {
            if (length < 0) throw ParquetFault.Broken($"a byte string of a page has a negative length");
            total += length;
        }

        if (total > data.Length) throw Short();
        int start = Ends[Count];
        data[..(int)total].CopyTo(Extend(ref _data, start, total, start));
        Extend(ref _offsets, (Count + 1L) * 4, 4L * lengths.Length, (Count + 1L) * 4);
        Span<int> ends = Ends[(Count + 1)..];
        for (int i = 0; i < lengths.Length; i++) ends[i] = start += lengths[i];
        Count += lengths.Length;
    }

    /// <summary>Byte strings that begin as the one before does.</summary>
    public void AddSuffixes(ReadOnlySpan<int> prefixes, ReadOnlySpan<int> suffixes, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> before = default;
        byte[] held = [];
        for (int i = 0; i < prefixes.Length; i++)
        {
            int prefix = prefixes[i], suffix = suffixes[i];
            if ((uint)prefix > (uint)before.Length || (uint)suffix > (uint)data.Length) throw Short();
            int length = prefix + suffix;
            if (held.Length < length) held = [.. before, .. new byte[Math.Max(length - before.Length, 2 * length)]];
            data[..suffix].CopyTo(held.AsSpan(prefix));
            data = data[suffix..];
            before = held.AsSpan(0, length);
            if (IsBytes)
            {
                AddBytes([length], before);
                continue;
            }

            if (length != Width) throw ParquetFault.Broken($"a value of {length} bytes is in a column of {Width}");
            before.CopyTo(Fixed(1));
        }
    }

    /// <summary>Entries of a dictionary.</summary>
    public void AddEntries(ValueBuffer dictionary, ReadOnlySpan<int> indices)
    {
        int largest = -1;
        foreach (int index in indices) largest = Math.Max(largest, (int)Math.Min((uint)index, int.MaxValue));
        if (largest >= dictionary.Count)
            throw ParquetFault.Broken($"an index is outside its dictionary of {dictionary.Count}");
        switch (Width)
        {
            case 4 when !IsBytes:
                Gather(MemoryMarshal.Cast<byte, uint>(dictionary.Data.Span), indices,
                    MemoryMarshal.Cast<byte, uint>(Fixed(indices.Length)));
                break;
            case 8 when !IsBytes:
                Gather(MemoryMarshal.Cast<byte, ulong>(dictionary.Data.Span), indices,
                    MemoryMarshal.Cast<byte, ulong>(Fixed(indices.Length)));
                break;
            case var width when !IsBytes:
                ReadOnlySpan<byte> source = dictionary.Data.Span;
                Span<byte> target = Fixed(indices.Length);
                for (int i = 0; i < indices.Length; i++)
                    source.Slice(indices[i] * width, width).CopyTo(target[(i * width)..]);
                break;
            default:
                GatherBytes(dictionary, indices);
                break;
        }
    }

    private static void Gather<T>(ReadOnlySpan<T> source, ReadOnlySpan<int> indices, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i < indices.Length; i++) target[i] = source[indices[i]];
    }

    private void GatherBytes(ValueBuffer dictionary, ReadOnlySpan<int> indices)
    {
        ReadOnlySpan<int> ends = dictionary.Ends;
        ReadOnlySpan<byte> source = dictionary.Data.Span;
        long total = 0;
        foreach (int index in indices) total += ends[index + 1] - ends[index];
        int at = Ends[Count];
        Extend(ref _data, at, total, at);
        Extend(ref _offsets, (Count + 1L) * 4, 4L * indices.Length, (Count + 1L) * 4);
        Span<int> own = Ends.Slice(Count + 1, indices.Length);
        Span<byte> target = _data;
        for (int i = 0; i < own.Length; i++)
        {
            int start = ends[indices[i]], length = ends[indices[i] + 1] - start;
            source.Slice(start, length).CopyTo(target[at..]);
            own[i] = at += length;
        }

        Count += indices.Length;
    }

    private void ClearBits(int count)
    {
        int old = Bits.ByteCount(Count);
        long bytes = (((long)Count + count + 7) >> 3) - old;
        Extend(ref _data, old, bytes, old)[..(int)bytes].Clear();
    }

    /// <summary>Space for bytes after the kept ones; all growth is counted before it is allocated.</summary>
    private Span<byte> Extend(ref byte[] array, long at, long bytes, long kept)
    {
        long needed = at + bytes;
        if (needed > Array.MaxLength)
            throw ParquetFault.TooLarge($"a column of a row group takes over 2^31 - 57 bytes; use smaller row groups");
        if (needed > array.Length)
        {
            long capacity = array.Length == 0
                ? Math.Max(needed, 64)
                : Math.Min(Math.Max(needed, 2L * array.Length), Array.MaxLength);
            _budget.Take(capacity - array.Length);
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)capacity);
            array.AsSpan(0, (int)kept).CopyTo(larger);
            array = larger;
        }

        return array.AsSpan((int)at, (int)bytes);
    }

    private static ParquetFault Short() => ParquetFault.Broken($"a page ends before its values do");
}
