using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Exchange;

/// <summary>A column that two schemas share: of one name and one type. Its values are equal where their canonical
/// encodings are, so every NaN is equal to every other.</summary>
internal sealed class ColumnPair(string name, int inA, int inB, CanonicalField fieldOfA, CanonicalField fieldOfB)
{
    private readonly ValueKey _left = new(new Scratch(long.MaxValue, long.MaxValue));
    private readonly ValueKey _right = new(new Scratch(long.MaxValue, long.MaxValue));

    public string Name => name;

    /// <summary>The columns of these names in both schemas, and in words what else differs.</summary>
    public static ColumnPair[] Of(Schema a, Schema b, List<string> differences)
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
                continue;
            }

            int other = free[at];
            free.RemoveAt(at);
            if (left.Fields[i].Type.Equals(right.Fields[other].Type))
                pairs.Add(new ColumnPair(field.Name, i, other, left.Fields[i], right.Fields[other]));
            else
            {
                differences.Add(
                    $"column '{field.Name}' is {field.Type} in A and {b.Fields[other].Type} in B: not compared");
            }
        }

        differences.AddRange(free.Select(j => $"column '{b.Fields[j].Name}' is only in B"));
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
        if (a.Layout != Layout.Fixed || a.NullCount != 0 || b.NullCount != 0) return false;
        int width = a.Type.ByteWidth();
        return Bytes(a, fromA).SequenceEqual(Bytes(b, fromB));

        ReadOnlySpan<byte> Bytes(ArrowArray array, int from) =>
            array.Buffers[1].Span.Slice((array.Offset + from) * width, count * width);
    }

    public bool AreEqual(ArrowArray a, int slotOfA, ArrowArray b, int slotOfB)
    {
        _right.Set(fieldOfB, b, slotOfB, isHidden: false);
        return KeyOfA(a, slotOfA).SequenceEqual(_right.Bytes);
    }

    /// <summary>A value as bytes that are equal where values are, valid until the next call.</summary>
    public ReadOnlySpan<byte> KeyOfA(ArrowArray a, int slot)
    {
        _left.Set(fieldOfA, a, slot, isHidden: false);
        return _left.Bytes;
    }

    public ReadOnlySpan<byte> KeyOfB(ArrowArray b, int slot)
    {
        _right.Set(fieldOfB, b, slot, isHidden: false);
        return _right.Bytes;
    }
}
