using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Transfer;

/// <summary>A column that two schemas share: of one name, and of one type or of two encodings of the same values.
/// Values of one type are equal where their canonical encodings are, so every NaN is equal to every other; those of two
/// encodings where their logical values are (<c>Ipc/Fingerprints/lfp1.md</c>).</summary>
internal sealed class ColumnPair(string name, int inA, int inB, CanonicalField fieldOfA, CanonicalField fieldOfB)
{
    private readonly ValueKey _left = new(new Scratch(long.MaxValue, long.MaxValue));
    private readonly ValueKey _right = new(new Scratch(long.MaxValue, long.MaxValue));
    private readonly LogicalBytes _bytesOfA = new(), _bytesOfB = new();

    public string Name => name;

    /// <summary>Whether the column has two encodings of the same values: utf8 and large_utf8, say.</summary>
    public bool IsOtherEncoding { get; private init; }

    /// <summary>Whether its values can tell rows apart: of two encodings only texts and binaries.</summary>
    public bool IsKey { get; private init; } = true;

    /// <summary>The types, as people read them.</summary>
    public string Types { get; private init; } = "";

    /// <summary>The columns of these names in both schemas, and in words what else differs.</summary>
    /// <param name="a">One schema.</param>
    /// <param name="b">The other.</param>
    /// <param name="differences">Takes what differs.</param>
    /// <param name="uncompared">Takes the columns that have no pair.</param>
    public static ColumnPair[] Of(Schema a, Schema b, List<string> differences, List<string> uncompared)
    {
        CanonicalSchema left = CanonicalSchema.Of(a), right = CanonicalSchema.Of(b);
        List<int> free = [.. Enumerable.Range(0, b.Fields.Count)];
        var pairs = new List<ColumnPair>();
        for (int i = 0; i < a.Fields.Count; i++)
        {
            Field field = a.Fields[i];
            int at = free.FindIndex(j => b.Fields[j].Name == field.Name);
            if (at < 0)
            {
                differences.Add($"column '{field.Name}' is only in A");
                uncompared.Add(field.Name);
                continue;
            }

            int other = free[at];
            free.RemoveAt(at);
            ArrowType typeOfB = b.Fields[other].Type;
            bool isSame = left.Fields[i].Type.Equals(right.Fields[other].Type);
            if (isSame || FingerprintType.AreAlike(field.Type, typeOfB))
            {
                pairs.Add(new ColumnPair(field.Name, i, other, left.Fields[i], right.Fields[other])
                {
                    IsOtherEncoding = !isSame,
                    IsKey = isSame || Plain(field.Type).Layout() is BufferLayout.Bytes32 or BufferLayout.Bytes64
                        or BufferLayout.ByteViews,
                    Types = isSame ? field.Type.ToString() : $"{field.Type} / {typeOfB}",
                });
                if (isSame) continue;
                differences.Add($"column '{field.Name}' is {field.Type} in A and {typeOfB} in B: compared by value");
                continue;
            }

            differences.Add($"column '{field.Name}' is {field.Type} in A and {typeOfB} in B: not compared");
            uncompared.Add(field.Name);
        }

        differences.AddRange(free.Select(j => $"column '{b.Fields[j].Name}' is only in B"));
        uncompared.AddRange(free.Select(j => b.Fields[j].Name));
        if (differences.Count == 0 && left.Digest != right.Digest)
        {
            Difference first = FirstDifference.OfSchemas(a, b, -1);
            string of = first.FieldPath.Length > 0 ? $" of '{first.FieldPath}'" : "";
            differences.Add($"{first.Rule}{of} is '{first.InA}' in A and '{first.InB}' in B");
        }

        return [.. pairs];
    }

    public ArrowArray A(RecordBatch batch) => batch.Columns[inA];

    public ArrowArray B(RecordBatch batch) => batch.Columns[inB];

    /// <summary>Whether two runs of slots are alike without a look at each: fixed width, no nulls, the same
    /// bytes.</summary>
    public static bool AreAlike(ArrowArray a, int fromA, ArrowArray b, int fromB, int count)
    {
        if (a.Layout != BufferLayout.Fixed || b.Layout != BufferLayout.Fixed || a.NullCount != 0
            || b.NullCount != 0) return false;
        int width = a.Type.ByteWidth();
        return Bytes(a, fromA).SequenceEqual(Bytes(b, fromB));

        ReadOnlySpan<byte> Bytes(ArrowArray array, int from) =>
            array.Buffers[1].Span.Slice((array.Offset + from) * width, count * width);
    }

    public bool AreEqual(ArrowArray a, int slotOfA, ArrowArray b, int slotOfB) =>
        KeyOfA(a, slotOfA).SequenceEqual(KeyOfB(b, slotOfB));

    /// <summary>A value as bytes that are equal where values are, valid until the next call.</summary>
    public ReadOnlySpan<byte> KeyOfA(ArrowArray a, int slot)
    {
        if (IsOtherEncoding) return LogicalOf(a, slot, _bytesOfA);
        _left.Set(fieldOfA, a, slot, isHidden: false);
        return _left.Bytes;
    }

    public ReadOnlySpan<byte> KeyOfB(ArrowArray b, int slot)
    {
        if (IsOtherEncoding) return LogicalOf(b, slot, _bytesOfB);
        _right.Set(fieldOfB, b, slot, isHidden: false);
        return _right.Bytes;
    }

    private static ReadOnlySpan<byte> LogicalOf(ArrowArray array, int slot, LogicalBytes bytes)
    {
        bytes.Clear();
        LogicalValues.Append(bytes, array, slot, 1);
        return bytes.Written;
    }

    /// <summary>The type of the values that a dictionary or runs lead to.</summary>
    public static ArrowType Plain(ArrowType type) => type switch
    {
        DictionaryType dictionary => Plain(dictionary.ValueType),
        RunEndEncodedType runs => Plain(runs.Values.Type),
        _ => type,
    };
}
