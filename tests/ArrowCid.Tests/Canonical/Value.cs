namespace ArrowCid.Tests.Canonical;

/// <summary>What one slot says, whatever lies in memory. Immutable.</summary>
internal abstract class Value
{
    /// <summary>A slot that a null ancestor hides or a union does not select.</summary>
    public static Value Hidden { get; } = new Mark("hidden");

    public static Value Null { get; } = new Mark("null");

    public bool IsHidden => ReferenceEquals(this, Hidden);

    public bool IsNull => ReferenceEquals(this, Null);

    public bool IsValid => this is not Mark;

    public static bool Same(Value left, Value right)
    {
        if (ReferenceEquals(left, right)) return true;
        return (left, right) switch
        {
            (Leaf a, Leaf b) => a.Bytes.AsSpan().SequenceEqual(b.Bytes),
            (Items a, Items b) =>
                a.Values.Length == b.Values.Length && a.Values.Zip(b.Values).All(p => Same(p.First, p.Second)),
            (Choice a, Choice b) => a.Child == b.Child && Same(a.Chosen, b.Chosen),
            (Entry a, Entry b) => Same(a.Inner, b.Inner),
            _ => false,
        };
    }

    private sealed class Mark(string name) : Value
    {
        public override string ToString() => name;
    }
}

/// <summary>A value without parts: its bytes in little-endian, a bool as one byte.</summary>
internal sealed class Leaf(byte[] bytes) : Value
{
    public byte[] Bytes => bytes;

    public override string ToString() => Convert.ToHexString(bytes);
}

/// <summary>The elements of a list or map, or the fields of a struct.</summary>
internal sealed class Items(Value[] values) : Value
{
    public Value[] Values => values;

    public override string ToString() => $"[{string.Join(", ", values.Select(v => v.ToString()))}]";
}

/// <summary>A union's slot: the position of its child, and that child's value.</summary>
internal sealed class Choice(int child, Value chosen) : Value
{
    public int Child => child;

    public Value Chosen => chosen;

    public override string ToString() => $"{child}:{chosen}";
}

/// <summary>A dictionary's slot: the entry, and its place among the entries as they lie in memory.</summary>
internal sealed class Entry(Value inner, int place) : Value
{
    public Value Inner => inner;

    public int Place => place;

    public override string ToString() => $"#{inner}";
}

/// <summary>What belongs to a column and not to one of its slots: the entries of its dictionary, and of those below
/// it.</summary>
internal sealed class Shape(Shape[] children, Shape? values = null)
{
    public Shape[] Children => children;

    /// <summary>The shape of a dictionary's values.</summary>
    public Shape? Values => values;

    /// <summary>Of an ordered dictionary all entries in their order; of another those that are known to be
    /// used.</summary>
    public List<Value> Entries { get; } = [];

    /// <summary>How often a generated slot of a nullable field is null.</summary>
    public double NullRate { get; init; } = 0.2;

    /// <summary>How often a generated slot repeats one before it.</summary>
    public double RepeatRate { get; init; } = 0.3;
}
