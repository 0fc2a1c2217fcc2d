using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>One rule of the canonical form that a stream does not keep, and how.</summary>
internal readonly record struct Departure(string Rule, string FieldPath, string How);

/// <summary>Finds by which rules a stream departs from the canonical block of the batch that it holds.</summary>
internal static class Departures
{
    /// <summary>What a reader met on its way.</summary>
    public static IEnumerable<Departure> OfStream(IpcTraits traits)
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

    public static IEnumerable<Departure> OfSchema(Schema source, CanonicalSchema canonical)
    {
        if (!InOrder(source.Metadata, CanonicalMetadata.OfSchema(source)))
            yield return new("metadata is sorted by key", "", "other order");
        for (int i = 0; i < canonical.Fields.Length; i++)
        {
            foreach (Departure found in OfField(source.Fields[i], canonical.Fields[i])) yield return found;
        }
    }

    private static IEnumerable<Departure> OfField(Field source, CanonicalField canonical)
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
            foreach (Departure found in OfField(children[i], canonical.Children[i])) yield return found;
        }
    }

    /// <summary>Where a source column's memory is not what its canonical form holds.</summary>
    public static IEnumerable<Departure> OfColumn(CanonicalField field, ArrowArray source, ArrowArray canonical)
    {
        if (source.Length != canonical.Length)
        {
            yield return new("a child holds its parent's valid slots and nothing else", field.Path,
                $"{Count(source.Length)} slots for {Count(canonical.Length)}");
            yield break;
        }

        if (field.Layout == Layout.Dictionary)
        {
            Departure[] inside = [.. OfEntries(field, source, canonical)];
            foreach (Departure found in inside) yield return found;
            if (inside.Length > 0) yield break;
        }

        var variadic = new Queue<long>([canonical.Buffers.Length - 2]);
        BufferName[] names = [.. BufferName.Of(field, variadic).TakeWhile(name => name.Field == field)];
        for (int i = 0; i < names.Length; i++)
        {
            if (HowDiffers(names[i], source, canonical, i) is { } how) yield return new(names[i].Rule, field.Path, how);
        }

        for (int i = 0; i < source.Children.Count; i++)
        {
            foreach (Departure found in OfColumn(field.Children[i], source.Children[i], canonical.Children[i]))
                yield return found;
        }
    }

    private static IEnumerable<Departure> OfEntries(CanonicalField field, ArrowArray source, ArrowArray canonical)
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

    private static string? HowDiffers(BufferName name, ArrowArray source, ArrowArray canonical, int index)
    {
        ReadOnlySpan<byte> was = index < source.Buffers.Length ? source.Buffers[index].Span : default;
        ReadOnlySpan<byte> made = index < canonical.Buffers.Length ? canonical.Buffers[index].Span : default;
        if (was.SequenceEqual(made)) return null;
        if (name.Role == BufferRole.Validity && made.IsEmpty) return "a bitmap of ones";
        int first = was.CommonPrefixLength(made);
        if (first == Math.Min(was.Length, made.Length)) return $"{Count(was.Length)} bytes for {Count(made.Length)}";
        int width = name.Field.Width;
        if (name.Role is not (BufferRole.Values or BufferRole.Indices) || width == 0) return $"byte {Count(first)}";
        int row = first / width;
        return canonical.IsNull(row) ? $"bytes under the null of row {Count(row)}" : $"row {Count(row)}";
    }

    private static bool InOrder(
        IReadOnlyList<KeyValuePair<string, string>> left, IReadOnlyList<KeyValuePair<string, string>> right) =>
        left.SequenceEqual(right);

    private static string Count(long number) => number.ToString(CultureInfo.InvariantCulture);
}
