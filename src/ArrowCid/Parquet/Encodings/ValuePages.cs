using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Writes the values of a page in each encoding.</summary>
internal static class ValuePages
{
    public static void Write(LeafValues values, int from, int to, PageEncoding encoding, LeafForm form,
        GrowingBytes target)
    {
        switch (encoding)
        {
            case PageEncoding.RleDictionary:
                int width = DictionaryPages.IndexWidth(values.Dictionary!.Count);
                target.Add((byte)width);
                RleWriter.Write<int>(values.Indices.AsSpan(from, to - from), width, target);
                break;
            case PageEncoding.Rle:
                int start = target.Count;
                target.Add(stackalloc byte[sizeof(int)]);
                RleWriter.WriteBits(values.Data.Span, from, to - from, target);
                BinaryPrimitives.WriteInt32LittleEndian(target.At(start, sizeof(int)),
                    target.Count - start - sizeof(int));
                break;
            case PageEncoding.DeltaBinaryPacked when form.Type == PhysicalType.Int32:
                DeltaPacking.Write(MemoryMarshal.Cast<byte, int>(values.Data.Span)[from..to], target);
                break;
            case PageEncoding.DeltaBinaryPacked:
                DeltaPacking.Write(MemoryMarshal.Cast<byte, long>(values.Data.Span)[from..to], target);
                break;
            case PageEncoding.DeltaLengthByteArray:
                WriteLengths(values, from, to, target);
                target.Add(values.Data.Span[values.Ends[from]..values.Ends[to]]);
                break;
            case PageEncoding.DeltaByteArray:
                WriteSuffixes(values, from, to, target);
                break;
            case PageEncoding.ByteStreamSplit:
                ReadOnlySpan<byte> source = values.Data.Span[(from * values.Width)..(to * values.Width)];
                StreamSplit.Split(source, values.Width, target.GetSpan(source.Length));
                target.Advance(source.Length);
                break;
            default:
                WritePlain(values, from, to, form, target);
                break;
        }
    }

    public static void WritePlain(LeafValues values, int from, int to, LeafForm form, GrowingBytes target)
    {
        if (from == to) return;
        if (form.Type == PhysicalType.Boolean)
        {
            int bytes = Bits.ByteCount(to - from);
            Span<byte> bits = target.GetSpan(bytes)[..bytes];
            bits.Clear();
            Bits.Copy(values.Data.Span, from, bits, 0, to - from);
            target.Advance(bytes);
            return;
        }

        if (!values.IsBytes)
        {
            target.Add(values.Data.Span[(from * values.Width)..(to * values.Width)]);
            return;
        }

        ReadOnlySpan<int> ends = values.Ends;
        ReadOnlySpan<byte> data = values.Data.Span;
        long total = (long)ends[to] - ends[from] + 4L * (to - from);
        if (total > Array.MaxLength) throw ParquetFault.TooLarge($"a page would have {total} bytes; use smaller pages");
        Span<byte> span = target.GetSpan((int)total);
        int at = 0;
        for (int i = from; i < to; i++)
        {
            int start = ends[i], length = ends[i + 1] - start;
            BinaryPrimitives.WriteInt32LittleEndian(span[at..], length);
            data.Slice(start, length).CopyTo(span[(at + 4)..]);
            at += 4 + length;
        }

        target.Advance(at);
    }

    private static void WriteLengths(LeafValues values, int from, int to, GrowingBytes target)
    {
        var lengths = new int[to - from];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = values.Ends[from + i + 1] - values.Ends[from + i];
        DeltaPacking.Write<int>(lengths, target);
    }

    private static void WriteSuffixes(LeafValues values, int from, int to, GrowingBytes target)
    {
        int[] prefixes = new int[to - from], suffixes = new int[to - from];
        using var rest = new GrowingBytes();
        ReadOnlySpan<byte> before = default;
        for (int i = 0; i < prefixes.Length; i++)
        {
            ReadOnlySpan<byte> value = values.IsBytes
                ? values.BytesAt(from + i)
                : values.Data.Span.Slice((from + i) * values.Width, values.Width);
            prefixes[i] = value.CommonPrefixLength(before);
            suffixes[i] = value.Length - prefixes[i];
            rest.Add(value[prefixes[i]..]);
            before = value;
        }

        DeltaPacking.Write<int>(prefixes, target);
        DeltaPacking.Write<int>(suffixes, target);
        target.Add(rest.Written);
    }
}
