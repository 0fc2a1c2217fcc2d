using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace ArrowCid.Ipld;

/// <summary>
/// A value of the IPLD data model: what a dag-cbor block holds. Immutable; nodes without links to other blocks form a
/// tree of at most <see cref="DagCbor.MaxDepth"/> lists and maps inside each other. Equality is structural and that of
/// the encoded forms: the integer 1 is not the float 1.0, and 0.0 is not −0.0.
/// </summary>
public sealed partial class IpldNode : IEquatable<IpldNode>
{
    private const int SmallestShared = -24, LargestShared = 23;

    private static readonly IpldNode s_emptyBytes = new(IpldKind.Bytes, Array.Empty<byte>());
    private static readonly IpldNode s_emptyText = new(IpldKind.Text, "");
    private static readonly IpldNode s_emptyList = new(IpldKind.List, Array.Empty<IpldNode>());
    private static readonly IpldNode s_emptyMap = new(IpldKind.Map, Array.Empty<KeyValuePair<string, IpldNode>>());
    private static readonly IpldNode[] s_sharedIntegers = [.. Enumerable
        .Range(SmallestShared, LargestShared - SmallestShared + 1)
        .Select(value => new IpldNode(value < 0, (ulong)(value < 0 ? -1 - value : value)))];

    // By kind: byte[], string, IpldNode[], KeyValuePair<string, IpldNode>[] or a boxed Cid; else null.
    private readonly object? _content;

    // By kind: 0 or 1, the float's bits, or CBOR's argument of the integer (n, or -1 - n where it is negative).
    private readonly ulong _bits;
    private readonly bool _isNegative;
    private readonly byte _depth;

    private IpldNode(IpldKind kind, object? content, ulong bits = 0, int depth = 0) =>
        (Kind, _content, _bits, _depth) = (kind, content, bits, (byte)depth);

    private IpldNode(bool isNegative, ulong argument) =>
        (Kind, _isNegative, _bits) = (IpldKind.Integer, isNegative, argument);

    /// <summary>The least integer: −2^64.</summary>
    public static Int128 MinInteger { get; } = -1 - (Int128)ulong.MaxValue;

    /// <summary>The greatest integer: 2^64 − 1.</summary>
    public static Int128 MaxInteger { get; } = ulong.MaxValue;

    /// <summary>The null node.</summary>
    public static IpldNode Null { get; } = new(IpldKind.Null, null);

    /// <summary>The node true.</summary>
    public static IpldNode True { get; } = new(IpldKind.Bool, null, 1);

    /// <summary>The node false.</summary>
    public static IpldNode False { get; } = new(IpldKind.Bool, null);

    /// <summary>The node's kind; it says which of the <c>As…</c> methods may be called.</summary>
    public IpldKind Kind { get; }

    /// <summary>The number of items of a list or of entries of a map; 0 for other kinds.</summary>
    public int Count => Kind switch
    {
        IpldKind.List => ItemArray.Length,
        IpldKind.Map => EntryArray.Length,
        _ => 0,
    };

    /// <summary>The items of a list, in order.</summary>
    /// <exception cref="InvalidOperationException">Not a list.</exception>
    public ImmutableArray<IpldNode> Items => ImmutableCollectionsMarshal.AsImmutableArray(Content<IpldNode[]>(
        IpldKind.List));

    /// <summary>The entries of a map in dag-cbor's order: shorter keys first, by their UTF-8 bytes.</summary>
    /// <exception cref="InvalidOperationException">Not a map.</exception>
    public ImmutableArray<KeyValuePair<string, IpldNode>> Entries => ImmutableCollectionsMarshal.AsImmutableArray(
        Content<KeyValuePair<string, IpldNode>[]>(IpldKind.Map));

    /// <summary>The value of a map's key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value, or null where this is no map or has no such key.</returns>
    public IpldNode? this[string key]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(key);
            return Kind == IpldKind.Map ? Find(key) : null;
        }
    }

    internal int Depth => _depth;
    internal IpldNode[] ItemArray => (IpldNode[])_content!;
    internal KeyValuePair<string, IpldNode>[] EntryArray => (KeyValuePair<string, IpldNode>[])_content!;
    internal (bool IsNegative, ulong Argument) IntegerParts => (_isNegative, _bits);

    /// <summary>A node of a truth value.</summary>
    /// <param name="value">The value.</param>
    /// <returns><see cref="True"/> or <see cref="False"/>.</returns>
    public static IpldNode Bool(bool value) => value ? True : False;

    /// <summary>A node of an integer.</summary>
    /// <param name="value">From <see cref="MinInteger"/> to <see cref="MaxInteger"/>.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is beyond these.</exception>
    public static IpldNode Integer(Int128 value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, MinInteger);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxInteger);
        return OfInteger(value < 0, (ulong)(value < 0 ? -1 - value : value));
    }

    /// <summary>A node of a float.</summary>
    /// <param name="value">Any but NaN and the infinities, which IPLD does not have.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is not finite.</exception>
    public static IpldNode Float(double value) => double.IsFinite(value)
        ? new IpldNode(IpldKind.Float, null, BitConverter.DoubleToUInt64Bits(value))
        : throw new ArgumentOutOfRangeException(nameof(value), value, "IPLD has finite floats only.");

    /// <summary>A node of bytes.</summary>
    /// <param name="value">The bytes; they are copied.</param>
    /// <returns>The node.</returns>
    public static IpldNode Bytes(ReadOnlySpan<byte> value) =>
        value.IsEmpty ? s_emptyBytes : new IpldNode(IpldKind.Bytes, value.ToArray());

    /// <summary>A node of text.</summary>
    /// <param name="value">Text without surrogates that stand alone.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentException">The text has no UTF-8 form.</exception>
    public static IpldNode Text(string value)
    {
        ThrowIfIllFormed(value, nameof(value));
        return OfText(value);
    }

    /// <summary>A node that links to a block.</summary>
    /// <param name="value">The block's CID.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentException">The CID is <c>default(Cid)</c>.</exception>
    public static IpldNode Link(Cid value) => value.IsDefault
        ? throw new ArgumentException("default(Cid) links to nothing; it was never set.", nameof(value))
        : new IpldNode(IpldKind.Link, value);

    /// <summary>A node of nodes in order.</summary>
    /// <param name="items">The nodes; the span is copied.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentException">Lists and maps nest deeper than <see cref="DagCbor.MaxDepth"/>.</exception>
    public static IpldNode List(params ReadOnlySpan<IpldNode> items)
    {
        foreach (IpldNode item in items) ArgumentNullException.ThrowIfNull(item, nameof(items));
        return OfList(items.ToArray());
    }

    /// <summary>A node of nodes by keys.</summary>
    /// <param name="entries">Keys and values, in any order.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentException">A key occurs twice or has no UTF-8 form, or lists and maps nest deeper than
    /// <see cref="DagCbor.MaxDepth"/>.</exception>
    public static IpldNode Map(params ReadOnlySpan<(string Key, IpldNode Value)> entries)
    {
        var sorted = new KeyValuePair<string, IpldNode>[entries.Length];
        for (int i = 0; i < sorted.Length; i++)
        {
            ThrowIfIllFormed(entries[i].Key, nameof(entries));
            ArgumentNullException.ThrowIfNull(entries[i].Value, nameof(entries));
            sorted[i] = KeyValuePair.Create(entries[i].Key, entries[i].Value);
        }

        string? twice = Sort(sorted);
        if (twice is not null) throw new ArgumentException($"The key '{twice}' occurs twice.", nameof(entries));
        return OfMap(sorted);
    }

    /// <summary>The truth value.</summary>
    /// <returns>True or false.</returns>
    /// <exception cref="InvalidOperationException">Another kind.</exception>
    public bool AsBool() => Bits(IpldKind.Bool) != 0;

    /// <summary>The integer.</summary>
    /// <returns>From <see cref="MinInteger"/> to <see cref="MaxInteger"/>.</returns>
    /// <exception cref="InvalidOperationException">Another kind.</exception>
    public Int128 AsInteger()
    {
        Int128 argument = Bits(IpldKind.Integer);
        return _isNegative ? -1 - argument : argument;
    }

    /// <summary>The integer, where it has 64 bits.</summary>
    /// <param name="value">The integer, or 0.</param>
    /// <returns>False for another kind, and beyond the range of <see cref="long"/>.</returns>
    public bool TryGetInt64(out long value)
    {
        bool fits = Kind == IpldKind.Integer && _bits <= long.MaxValue;
        value = !fits ? 0 : _isNegative ? -1 - (long)_bits : (long)_bits;
        return fits;
    }

    /// <summary>The float.</summary>
    /// <returns>A finite number.</returns>
    /// <exception cref="InvalidOperationException">Another kind.</exception>
    public double AsFloat() => BitConverter.UInt64BitsToDouble(Bits(IpldKind.Float));

    /// <summary>The bytes.</summary>
    /// <returns>The node's own memory, not a copy; valid as long as it is referenced.</returns>
    /// <exception cref="InvalidOperationException">Another kind.</exception>
    public ReadOnlyMemory<byte> AsBytes() => Content<byte[]>(IpldKind.Bytes);

    /// <summary>The text.</summary>
    /// <returns>Text without surrogates that stand alone.</returns>
    /// <exception cref="InvalidOperationException">Another kind.</exception>
    public string AsText() => Content<string>(IpldKind.Text);

    /// <summary>The CID that the node links to.</summary>
    /// <returns>A CID that is not the default.</returns>
    /// <exception cref="InvalidOperationException">Another kind.</exception>
    public Cid AsLink() => Kind == IpldKind.Link ? (Cid)_content! : throw WrongKind(IpldKind.Link);

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] IpldNode? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || Kind != other.Kind || _bits != other._bits || _isNegative != other._isNegative
            || _depth != other._depth)
        {
            return false;
        }

        return Kind switch
        {
            IpldKind.Bytes => AsBytes().Span.SequenceEqual(other.AsBytes().Span),
            IpldKind.List => ItemArray.AsSpan().SequenceEqual(other.ItemArray),
            IpldKind.Map => EntryArray.AsSpan().SequenceEqual(other.EntryArray, EntryComparer.Instance),
            _ => Equals(_content, other._content),
        };
    }

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as IpldNode);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Kind);
        hash.Add(_bits);
        hash.Add(_isNegative);
        switch (Kind)
        {
            case IpldKind.Bytes: hash.AddBytes(AsBytes().Span); break;
            case IpldKind.List:
                foreach (IpldNode item in ItemArray) hash.Add(item);
                break;
            case IpldKind.Map:
                foreach ((string key, IpldNode value) in EntryArray)
                {
                    hash.Add(key);
                    hash.Add(value);
                }

                break;
            default: hash.Add(_content); break;
        }

        return hash.ToHashCode();
    }

    /// <summary>For people: JSON's notation, with bytes as <c>h'00ff'</c> and links as <c>link(bafy…)</c>, cut where it
    /// is long.</summary>
    /// <returns>At most about 1,000 characters.</returns>
    public override string ToString() => new IpldDiagnostic().Describe(this);

    internal static IpldNode OfInteger(bool isNegative, ulong argument)
    {
        const int Shared = LargestShared + 1;
        return argument >= Shared ? new IpldNode(isNegative, argument)
            : s_sharedIntegers[isNegative ? Shared - 1 - (int)argument : Shared + (int)argument];
    }

    internal static IpldNode OfText(string wellFormed) =>
        wellFormed.Length == 0 ? s_emptyText : new IpldNode(IpldKind.Text, wellFormed);

    /// <summary>Makes a list of an array that has no other reference.</summary>
    internal static IpldNode OfList(IpldNode[] items)
    {
        if (items.Length == 0) return s_emptyList;
        int depth = 0;
        foreach (IpldNode item in items) depth = Math.Max(depth, item._depth);
        return new IpldNode(IpldKind.List, items, depth: OneDeeper(depth));
    }

    /// <summary>Makes a map of an array that has no other reference, whose keys are sorted and distinct.</summary>
    internal static IpldNode OfMap(KeyValuePair<string, IpldNode>[] entries)
    {
        if (entries.Length == 0) return s_emptyMap;
        int depth = 0;
        foreach (KeyValuePair<string, IpldNode> entry in entries) depth = Math.Max(depth, entry.Value._depth);
        return new IpldNode(IpldKind.Map, entries, depth: OneDeeper(depth));
    }

    /// <summary>Sorts a map's entries; a key that occurs twice, or null.</summary>
    internal static string? Sort(KeyValuePair<string, IpldNode>[] entries)
    {
        entries.AsSpan().Sort((left, right) => IpldText.CompareKeys(left.Key, right.Key));
        for (int i = 1; i < entries.Length; i++)
        {
            if (entries[i].Key == entries[i - 1].Key) return entries[i].Key;
        }

        return null;
    }

    private static int OneDeeper(int depth) => depth < DagCbor.MaxDepth
        ? depth + 1
        : throw new ArgumentException($"Lists and maps nest deeper than {DagCbor.MaxDepth}.");

    private static void ThrowIfIllFormed(string text, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        if (IpldText.IsWellFormed(text)) return;
        throw new ArgumentException("Text with a surrogate that stands alone has no UTF-8 form.", parameter);
    }

    private ulong Bits(IpldKind kind) => Kind == kind ? _bits : throw WrongKind(kind);

    private T Content<T>(IpldKind kind) where T : class => Kind == kind ? (T)_content! : throw WrongKind(kind);

    private InvalidOperationException WrongKind(IpldKind kind) => new($"The node is of kind {Kind}, not {kind}.");

    private sealed class EntryComparer : IEqualityComparer<KeyValuePair<string, IpldNode>>
    {
        public static EntryComparer Instance { get; } = new();

        public bool Equals(KeyValuePair<string, IpldNode> x, KeyValuePair<string, IpldNode> y) =>
            x.Key == y.Key && x.Value.Equals(y.Value);

        public int GetHashCode(KeyValuePair<string, IpldNode> obj) => HashCode.Combine(obj.Key, obj.Value);
    }
}
