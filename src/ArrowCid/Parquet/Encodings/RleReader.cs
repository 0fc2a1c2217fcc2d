using System.Numerics;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Reads the hybrid of runs and bit-packed groups.</summary>
internal ref struct RleReader
{
    private ReadOnlySpan<byte> _bytes;
    private readonly int _width;
    private ReadOnlySpan<byte> _packed;
    private int _left;
    private int _packedAt;
    private uint _value;
    private bool _isPacked;

    public RleReader(ReadOnlySpan<byte> bytes, int width)
    {
        if (width is < 0 or > 32) throw ParquetFault.Broken($"numbers of {width} bits cannot be in a page");
        _bytes = bytes;
        _width = width;
    }

    /// <summary>Reads as many numbers as the target holds.</summary>
    public void Read<T>(Span<T> target) where T : unmanaged, IBinaryInteger<T>
    {
        while (!target.IsEmpty)
        {
            int count = Take(target.Length);
            Span<T> part = target[..count];
            if (!_isPacked) part.Fill(T.CreateTruncating(_value));
            else Unpack(part);
            target = target[count..];
        }
    }

    /// <summary>Reads numbers of one bit into a bitmap that is zero from there on.</summary>
    public void ReadBits(Span<byte> target, int start, int count)
    {
        while (count > 0)
        {
            int take = Take(count);
            if (_isPacked) Bits.Copy(_packed, _packedAt - take, target, start, take);
            else if (_value != 0) Bits.Fill(target, start, take);
            start += take;
            count -= take;
        }
    }

    /// <summary>Takes up to <paramref name="most"/> numbers of the current run, and begins the next run if none is
    /// left.</summary>
    private int Take(int most)
    {
        while (_left == 0) BeginRun();
        int count = Math.Min(most, _left);
        _left -= count;
        _packedAt += count;
        return count;
    }

    private readonly void Unpack<T>(Span<T> target) where T : unmanaged, IBinaryInteger<T>
    {
        int first = _packedAt - target.Length;
        // Groups begin at whole bytes, so at a multiple of 8 numbers; what stands before is unpacked and dropped.
        int skip = first & 7;
        ReadOnlySpan<byte> source = _packed[(int)((long)(first - skip) * _width >> 3)..];
        if (skip != 0)
        {
            Span<T> group = stackalloc T[8];
            BitPacking.Unpack(source[.._width], _width, group);
            int some = Math.Min(8 - skip, target.Length);
            group.Slice(skip, some).CopyTo(target);
            target = target[some..];
            source = source[_width..];
        }

        BitPacking.Unpack(source, _width, target);
    }

    private void BeginRun()
    {
        ulong head = Varint();
        if ((head & 1) == 0)
        {
            if (head >> 1 is 0 or > int.MaxValue) throw ParquetFault.Broken($"a run of a page has no length");
            (_isPacked, _left, _packedAt) = (false, (int)(head >> 1), 0);
            int bytes = (_width + 7) >> 3;
            if (_bytes.Length < bytes) throw Short();
            _value = 0;
            for (int i = 0; i < bytes; i++) _value |= (uint)_bytes[i] << 8 * i;
            if (_width < 32 && _value >> _width != 0)
                throw ParquetFault.Broken($"a run's value does not fit {_width} bits");
            _bytes = _bytes[bytes..];
            return;
        }

        ulong groups = head >> 1;
        if (groups is 0 or > int.MaxValue / 8) throw ParquetFault.Broken($"a bit-packed run of a page has no length");
        long needed = (long)groups * _width;
        // Some writers cut the last group's unused bytes off.
        int there = (int)Math.Min(needed, _bytes.Length);
        long values = _width == 0 ? (long)groups * 8 : Math.Min((long)groups * 8, there * 8L / _width);
        if (values == 0) throw Short();
        (_isPacked, _left, _packedAt) = (true, (int)values, 0);
        _packed = _bytes[..there];
        _bytes = _bytes[there..];
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            if (_bytes.IsEmpty) throw Short();
            byte next = _bytes[0];
            _bytes = _bytes[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw ParquetFault.Broken($"a run's length has more than five bytes");
    }

    private static ParquetFault Short() => ParquetFault.Broken($"a page's runs end before its values do");
}
