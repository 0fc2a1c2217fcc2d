using System.Collections;
using System.Globalization;
using System.Text;
using ArrowCid.Ipld;

namespace ArrowCid;

/// <summary>Arguments of calls as nodes: the same values give the same nodes in every language
/// (<c>Store/Memos/CALLS.md</c>).</summary>
internal static class CallArguments
{
    // A list in a list and so on: deeper ones are refused, and cycles with them.
    private const int MaxDepth = 32;

    // Beyond this a floating-point number does not tell whole numbers apart.
    private const double MaxWhole = 9007199254740991;

    /// <summary>The block that an argument is; null where it is a value.</summary>
    public static Cid? InputOf(object? value) => value switch
    {
        Cid cid => cid,
        BatchLease lease => lease.Cid,
        PutResult put => put.Cid,
        _ => null,
    };

    /// <summary>An argument's value as a node.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no data.</exception>
    public static IpldNode NodeOf(string name, object? value) => NodeOf(name, value, 0);

    /// <summary>A node in the form in which every language writes it.</summary>
    public static IpldNode Normalized(string name, IpldNode node) => node.Kind switch
    {
        IpldKind.Float => Number(name, node.AsFloat()),
        IpldKind.Link => throw Refuse(name, "holds a link; give a block as an argument of its own"),
        IpldKind.List => IpldNode.List([.. node.Items.Select(item => Normalized(name, item))]),
        IpldKind.Map => IpldNode.Map([.. node.Entries.Select(pair => (pair.Key, Normalized(name, pair.Value)))]),
        _ => node,
    };

    /// <summary>Throws where a name may not be in a key.</summary>
    public static void ThrowIfInvalid(string what, string name)
    {
        string? fault = !IpldText.IsWellFormed(name) ? "that is not Unicode"
            : name.Length == 0 ? "without a character"
            : Encoding.UTF8.GetByteCount(name) > CallKey.MaxNameBytes ? $"of over {CallKey.MaxNameBytes} bytes"
            : null;
        if (fault is not null)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{what} {fault} is not allowed in a call");
    }

    private static IpldNode NodeOf(string name, object? value, int depth)
    {
        if (depth > MaxDepth) throw Refuse(name, $"is nested over {MaxDepth} levels deep");
        return value switch
        {
            null => IpldNode.Null,
            IpldNode node => Normalized(name, node),
            bool flag => IpldNode.Bool(flag),
            string text => IpldText.IsWellFormed(text)
                ? IpldNode.Text(text)
                : throw Refuse(name, "is a text with half a surrogate pair"),
            sbyte or byte or short or ushort or int or uint or long =>
                IpldNode.Integer(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
            ulong number => IpldNode.Integer(number),
            Int128 number => number >= IpldNode.MinInteger && number <= IpldNode.MaxInteger
                ? IpldNode.Integer(number)
                : throw Refuse(name, "is an integer that does not fit 64 bits"),
            double number => Number(name, number),
            float number => Number(name, number),
            Half number => Number(name, (double)number),
            byte[] bytes => IpldNode.Bytes(bytes),
            ReadOnlyMemory<byte> bytes => IpldNode.Bytes(bytes.Span),
            Memory<byte> bytes => IpldNode.Bytes(bytes.Span),
            DateOnly date => IpldNode.Text(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
            DateTimeOffset time => IpldNode.Text(TextOf(time.UtcDateTime) + "Z"),
            DateTime { Kind: DateTimeKind.Unspecified } time => IpldNode.Text(TextOf(time)),
            DateTime time => IpldNode.Text(TextOf(time.ToUniversalTime()) + "Z"),
            Guid guid => IpldNode.Text(guid.ToString("D")),
            _ when InputOf(value) is not null =>
                throw Refuse(name, "holds a block within a list or dictionary; give it as an argument of its own"),
            IDictionary map => MapOf(name, map, depth),
            IEnumerable<KeyValuePair<string, object?>> pairs =>
                MapOf(name, pairs.Select(pair => (pair.Key, pair.Value)), depth),
            IEnumerable<KeyValuePair<string, string>> pairs =>
                MapOf(name, pairs.Select(pair => (pair.Key, (object?)pair.Value)), depth),
            IList items => ListOf(name, items, depth),
            _ => throw Refuse(name, $"is a {value.GetType().Name}, which is no data"),
        };
    }

    private static IpldNode MapOf(string name, IDictionary map, int depth)
    {
        var pairs = new List<(string, object?)>(map.Count);
        foreach (DictionaryEntry pair in map)
        {
            pairs.Add((pair.Key as string ??
                throw Refuse(name, $"has a key that is a {pair.Key.GetType().Name}, and not a text"), pair.Value));
        }

        return MapOf(name, pairs, depth);
    }

    private static IpldNode MapOf(string name, IEnumerable<(string Key, object? Value)> pairs, int depth) =>
        IpldNode.Map([.. pairs.Select(pair => (pair.Key, NodeOf(name, pair.Value, depth + 1)))]);

    private static IpldNode ListOf(string name, IList items, int depth)
    {
        var nodes = new IpldNode[items.Count];
        for (int i = 0; i < nodes.Length; i++) nodes[i] = NodeOf(name, items[i], depth + 1);
        return IpldNode.List(nodes);
    }

    private static IpldNode Number(string name, double number)
    {
        if (!double.IsFinite(number)) throw Refuse(name, "is not a finite number");
        return Math.Abs(number) <= MaxWhole && Math.Truncate(number) == number
            ? IpldNode.Integer((long)number)
            : IpldNode.Float(number);
    }

    /// <summary>A time to as many digits as it has.</summary>
    private static string TextOf(DateTime time) =>
        time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);

    private static ArrowCidException Refuse(string name, string why) =>
        new(ErrorCode.InvalidArgument, $"the argument '{name}' {why}");
}
