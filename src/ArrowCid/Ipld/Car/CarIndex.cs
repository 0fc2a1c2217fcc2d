using System.Buffers.Binary;
using System.Globalization;

namespace ArrowCid.Ipld.Car;

/// <summary>
/// The index of a version 2 archive: where each block's section is, by digest (0400, only read) or by multihash
/// (0401). After the codec come a count of codes (0401) or none, a count of widths, and for each width the entries'
/// length in bytes and the entries, sorted: a digest and the section's offset in the data.
/// </summary>
internal static class CarIndex
{
    private const int OffsetBytes = sizeof(ulong);
    private const int MaxWidth = Multihash.MaxDigestLength + OffsetBytes;

    /// <summary>Gets one entry.</summary>
    public delegate void EntryTaker(ulong? code, ReadOnlySpan<byte> digest, ulong offset);

    /// <summary>Reads an index.</summary>
    /// <returns>What is wrong, as a sentence without a full stop; null where it was read to the end of the
    /// file.</returns>
    public static string? Read(CarInput input, EntryTaker take)
    {
        long start = input.Position;
        if (Varint.Read(input.Peek(Varint.MaxLength), out ulong codec, out int taken) != CidError.None)
            return At("the index has no codec", start);
        input.Take(taken);
        string? fault = codec switch
        {
            Multicodec.CarIndexSorted => ReadWidths(input, null, take),
            Multicodec.CarMultihashIndexSorted => ReadCodes(input, take),
            _ => At($"an index of codec {Multicodec.Name(codec)}", start),
        };
        if (fault is null && !input.Peek(1).IsEmpty) fault = At("bytes follow the index", input.Position);
        return fault;
    }

    /// <summary>Writes an index by multihash.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="entries">A block's hash and its section's offset in the data; they are sorted.</param>
    public static void Write(Stream output, List<(Multihash Hash, long Offset)> entries)
    {
        entries.Sort(static (left, right) => Compare(left, right));
        Span<byte> numbers = stackalloc byte[16];
        output.Write(numbers[..Varint.Write(numbers, Multicodec.CarMultihashIndexSorted)]);
        WriteInt32(output, entries.Select(entry => entry.Hash.Code).Distinct().Count());
        for (int at = 0; at < entries.Count;)
        {
            ulong code = entries[at].Hash.Code;
            int end = at;
            int widths = 0, last = -1;
            for (; end < entries.Count && entries[end].Hash.Code == code; end++)
            {
                if (entries[end].Hash.DigestLength != last) widths++;
                last = entries[end].Hash.DigestLength;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(numbers, code);
            output.Write(numbers[..sizeof(ulong)]);
            WriteInt32(output, widths);
            while (at < end) at = WriteWidth(output, entries, at, end);
        }
    }

    private static int WriteWidth(Stream output, List<(Multihash Hash, long Offset)> entries, int at, int end)
    {
        int length = entries[at].Hash.DigestLength, after = at;
        while (after < end && entries[after].Hash.DigestLength == length) after++;
        Span<byte> numbers = stackalloc byte[sizeof(ulong)];
        WriteInt32(output, length + OffsetBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, (ulong)(after - at) * (ulong)(length + OffsetBytes));
        output.Write(numbers);
        for (; at < after; at++)
        {
            Multihash hash = entries[at].Hash;
            output.Write(hash.Digest);
            BinaryPrimitives.WriteUInt64LittleEndian(numbers, (ulong)entries[at].Offset);
            output.Write(numbers);
        }

        return after;
    }

    private static int Compare((Multihash Hash, long Offset) left, (Multihash Hash, long Offset) right)
    {
        int order = left.Hash.Code.CompareTo(right.Hash.Code);
        if (order == 0) order = left.Hash.DigestLength.CompareTo(right.Hash.DigestLength);
        if (order == 0) order = left.Hash.Digest.SequenceCompareTo(right.Hash.Digest);
        return order != 0 ? order : left.Offset.CompareTo(right.Offset);
    }

    private static void WriteInt32(Stream output, int value)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, value);
        output.Write(number);
    }

    private static string? ReadCodes(CarInput input, EntryTaker take)
    {
        if (!TryReadNumber(input, sizeof(int), out ulong count)) return EndsInside(input);
        if (count > int.MaxValue) return At("a negative count", input.Position);
        for (ulong i = 0; i < count; i++)
        {
            if (!TryReadNumber(input, sizeof(ulong), out ulong code)) return EndsInside(input);
            if (ReadWidths(input, code, take) is { } fault) return fault;
        }

        return null;
    }

    private static string? ReadWidths(CarInput input, ulong? code, EntryTaker take)
    {
        if (!TryReadNumber(input, sizeof(int), out ulong count)) return EndsInside(input);
        if (count > int.MaxValue) return At("a negative count", input.Position);
        for (ulong i = 0; i < count; i++)
        {
            long start = input.Position;
            if (!TryReadNumber(input, sizeof(int), out ulong width)) return EndsInside(input);
            if (!TryReadNumber(input, sizeof(ulong), out ulong bytes)) return EndsInside(input);
            if (width is <= OffsetBytes or > MaxWidth || bytes % width != 0)
                return At($"entries of {width} bytes in {bytes} bytes", start);
            if (ReadEntries(input, code, (int)width, bytes / width, take) is { } fault) return fault;
        }

        return null;
    }

    private static string? ReadEntries(CarInput input, ulong? code, int width, ulong count, EntryTaker take)
    {
        Span<byte> last = stackalloc byte[width];
        for (ulong i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = input.Peek(width);
            if (entry.Length < width) return EndsInside(input);
            if (i > 0 && last[..^OffsetBytes].SequenceCompareTo(entry[..^OffsetBytes]) > 0)
                return At("entries are not sorted", input.Position);
            entry.CopyTo(last);
            take(code, entry[..^OffsetBytes], BinaryPrimitives.ReadUInt64LittleEndian(entry[^OffsetBytes..]));
            input.Take(width);
        }

        return null;
    }

    private static bool TryReadNumber(CarInput input, int bytes, out ulong value)
    {
        ReadOnlySpan<byte> ahead = input.Peek(bytes);
        value = 0;
        if (ahead.Length < bytes) return false;
        value = bytes == sizeof(int)
            ? BinaryPrimitives.ReadUInt32LittleEndian(ahead)
            : BinaryPrimitives.ReadUInt64LittleEndian(ahead);
        input.Take(bytes);
        return true;
    }

    private static string EndsInside(CarInput input) => At("the file ends inside the index", input.Position);

    private static string At(string what, long offset) =>
        string.Create(CultureInfo.InvariantCulture, $"{what}; byte {offset}");
}
