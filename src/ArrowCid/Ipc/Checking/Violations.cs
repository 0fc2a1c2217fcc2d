using System.Globalization;
using System.Numerics;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Finds by which rules a stream departs from the canonical block of the batch that it holds.</summary>
internal static class Violations
{
    /// <summary>What a reader met on its way.</summary>
    public static IEnumerable<Violation> OfStream(IpcTraits traits)
    {
        if (traits.IsFile) yield return new("a block is a stream", "", "file");
        if (traits.HasLegacyFraming) yield return new("a message begins with FF FF FF FF", "", "legacy framing");
        if (traits.MetadataVersion < BlockFormat.MetadataV5)
            yield return new("metadata version V5", "", $"V{traits.MetadataVersion + 1}");
        if (traits.IsBigEndian) yield return new("little-endian", "", "big-endian");
        if (traits.HasLz4Bodies) yield return new("uncompressed", "", "LZ4");
        if (traits.HasZstdBodies) yield return new("uncompressed", "", "zstd");
        if (traits.Alignment < BlockFormat.Alignment)
            yield return new("messages and buffers lie at multiples of 64", "", Count(traits.Alignment));
        if (traits.DeltaDictionaries > 0)
            yield return new("one dictionary message a field", "", $"{traits.DeltaDictionaries} deltas");
        if (traits.ReplacedDictionaries > 0)
            yield return new("one dictionary message a field", "", $"{traits.ReplacedDictionaries} replaced");
        if (traits.HasSharedDictionaryIds) yield return new("one dictionary a field", "", "shared dictionary ids");
        if (traits.HasCustomMetadata) yield return new("messages carry no custom_metadata", "", "custom_metadata");
        if (traits.LacksEndOfStream)
            yield return new("a stream ends in FF FF FF FF 00 00 00 00", "", "no end of stream");
        if (traits.BytesAfterEndOfStream > 0)
            yield return new("nothing follows the end of the stream", "", $"{traits.BytesAfterEndOfStream} bytes");
        if (traits.Batches > 1) yield return new("exactly one batch", "", $"{traits.Batches} batches");
    }

    public static IEnumerable<Violation> OfSchema(Schema source, CanonicalSchema canonical)
    {
        if (!InOrder(source.Metadata, CanonicalMetadata.OfSchema(source)))
            yield return new("metadata is sorted by key", "", "other order");
        for (int i = 0; i < canonical.Fields.Length; i++)
        {
            foreach (Violation found in OfField(source.Fields[i], canonical.Fields[i])) yield return found;
        }
    }

    private static IEnumerable<Violation> OfField(Field source, CanonicalField canonical)
    {
        if (source.Name != canonical.Name)
            yield return new($"the child's name is '{canonical.Name}'", canonical.Path, $"'{source.Name}'");
        if (source.IsNullable != canonical.IsNullable)
        {
            string rule = $"the child is {(canonical.IsNullable ? "" : "not ")}nullable";
            yield return new(rule, canonical.Path, source.IsNullable ? "nullable" : "not nullable");
        }

        if (!InOrder(source.Metadata, canonical.Metadata))
        {
            yield return new(
                "metadata is sorted by key, without an empty extension metadata", canonical.Path, "other metadata");
        }

        IReadOnlyList<Field> children = (source.Type is DictionaryType d ? d.ValueType : source.Type).Children;
        for (int i = 0; i < children.Count; i++)
        {
            foreach (Violation found in OfField(children[i], canonical.Children[i])) yield return found;
        }
    }

    /// <summary>Where a source column's memory is not what its canonical form holds.</summary>
    public static IEnumerable<Violation> OfColumn(CanonicalField field, ArrowArray source, ArrowArray canonical)
    {
        if (source.Length != canonical.Length)
        {
            yield return new("a child holds its parent's valid slots and nothing else", field.Path,
                $"{Count(source.Length)} slots for {Count(canonical.Length)}");
            yield break;
        }

        if (field.Layout == BufferLayout.Dictionary)
        {
            Violation[] inside = [.. OfEntries(field, source, canonical)];
            foreach (Violation found in inside) yield return found;
            if (inside.Length > 0) yield break;
        }

        var variadic = new Queue<long>([canonical.Buffers.Length - 2]);
        BufferName[] names = [.. BufferName.Of(field, variadic).TakeWhile(name => name.Field == field)];
        for (int i = 0; i < names.Length; i++)
        {
            if (OfBuffer(names[i], source, canonical, i) is { } found) yield return found;
        }

        for (int i = 0; i < source.Children.Count; i++)
        {
            foreach (Violation found in OfColumn(field.Children[i], source.Children[i], canonical.Children[i]))
                yield return found;
        }
    }

    private static IEnumerable<Violation> OfEntries(CanonicalField field, ArrowArray source, ArrowArray canonical)
    {
        ArrowArray was = source.Dictionary ?? ArrayJoin.Empty(field.DictionaryValues!.Type);
        ArrowArray made = canonical.Dictionary ?? ArrayJoin.Empty(field.DictionaryValues!.Type);
        if (was.Length != made.Length)
        {
            string rule = new BufferName(field, BufferRole.Indices).Rule;
            return [new(rule, field.Path, $"{Count(was.Length)} entries for {Count(made.Length)}")];
        }

        return OfColumn(field.DictionaryValues!, was, made);
    }

    private static Violation? OfBuffer(BufferName name, ArrowArray source, ArrowArray canonical, int index)
    {
        ReadOnlySpan<byte> was = index < source.Buffers.Length ? source.Buffers[index].Span : default;
        ReadOnlySpan<byte> made = index < canonical.Buffers.Length ? canonical.Buffers[index].Span : default;
        if (was.SequenceEqual(made)) return null;
        int first = was.CommonPrefixLength(made);
        if (name.Role == BufferRole.Validity && made.IsEmpty) return Of("a bitmap of ones");
        if (name.Role == BufferRole.Validity && was.IsEmpty) return Of("no bitmap");
        if (first == was.Length) return Of($"{Count(was.Length)} bytes for {Count(made.Length)}");
        if (first < made.Length) return Of(Place(name, first, (byte)(was[first] ^ made[first]), canonical));
        return new("a buffer's length is exact, its padding not counted", name.Field.Path,
            $"{Count(was.Length)} bytes for {Count(made.Length)}");

        Violation Of(string how) => new(name.Rule, name.Field.Path, how);
    }

    /// <summary>Where a buffer first differs, as a person counts.</summary>
    private static string Place(BufferName name, int at, byte bits, ArrowArray canonical)
    {
        BufferLayout layout = name.Field.Layout;
        bool isWide = layout is BufferLayout.Bytes64 or BufferLayout.List64 or BufferLayout.ListView64;
        int row = name.Role switch
        {
            BufferRole.Data => -1,
            BufferRole.Validity => at * 8 + BitOperations.TrailingZeroCount(bits),
            BufferRole.Values when layout == BufferLayout.Bits => at * 8 + BitOperations.TrailingZeroCount(bits),
            BufferRole.Values or BufferRole.Indices => at / name.Field.Width,
            BufferRole.Views => at / ByteView.Size,
            BufferRole.TypeCodes => at,
            BufferRole.Offsets when layout
                is not (BufferLayout.ListView32 or BufferLayout.ListView64 or BufferLayout.DenseUnion) =>
                Math.Max(0, at / (isWide ? 8 : 4) - 1),
            _ => at / (isWide ? 8 : 4),
        };
        if (row < 0) return $"byte {Count(at)}";
        if (row >= canonical.Length) return "bits past the end";
        bool isUnderNull = name.Role is BufferRole.Values or BufferRole.Indices or BufferRole.Views
            && canonical.IsNull(row);
        return isUnderNull ? $"bytes under the null of row {Count(row)}" : $"row {Count(row)}";
    }

    /// <summary>Whether two arrays of one type hold the same bytes, including bytes that are never read.</summary>
    public static bool IsSameMemory(ArrowArray left, ArrowArray right)
    {
        if (left.Buffers.Length != right.Buffers.Length) return false;
        for (int i = 0; i < left.Buffers.Length; i++)
        {
            if (!left.Buffers[i].Span.SequenceEqual(right.Buffers[i].Span)) return false;
        }

        return (left.Dictionary is null || right.Dictionary is null
                ? left.Dictionary is null == right.Dictionary is null
                : IsSameMemory(left.Dictionary, right.Dictionary))
            && left.Children.Zip(right.Children).All(pair => IsSameMemory(pair.First, pair.Second));
    }

    private static bool InOrder(
        IReadOnlyList<KeyValuePair<string, string>> left, IReadOnlyList<KeyValuePair<string, string>> right) =>
        left.SequenceEqual(right);

    private static string Count(long number) => number.ToString(CultureInfo.InvariantCulture);
}
