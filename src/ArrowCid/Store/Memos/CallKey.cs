using System.Diagnostics.CodeAnalysis;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>
/// The key of a result: one dag-cbor block that names a function, its version and its arguments, and whose CID every
/// language computes alike (<c>Store/Memos/CALLS.md</c>). Immutable.
/// </summary>
/// <example>
/// <code>
/// CallKey key = CallKey.Create("features", "2", new { day = "2026-11-20", trades = batchCid });
/// </code>
/// </example>
public sealed class CallKey : IEquatable<CallKey>
{
    /// <summary>The most bytes of the block of a call.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The most bytes of a function's name, and of a version, in UTF-8.</summary>
    public const int MaxNameBytes = 1024;

    internal const string Kind = "arrowcid/call";

    private readonly byte[] _block;

    private CallKey(byte[] block, string function, string version, IpldNode parameters,
        IReadOnlyDictionary<string, Cid> inputs, IReadOnlyDictionary<string, string?> environment)
    {
        _block = block;
        (Function, Version, Parameters) = (function, version, parameters);
        (Inputs, Environment) = (inputs, environment);
        Cid = Cid.FromSha256(Multicodec.DagCbor, Sha256.Hash(block));
    }

    /// <summary>The CID of the block, which is the key.</summary>
    public Cid Cid { get; }

    /// <summary>The name of the function.</summary>
    public string Function { get; }

    /// <summary>The version of the function; empty where it has none.</summary>
    public string Version { get; }

    /// <summary>The arguments that are values: a map by their names.</summary>
    public IpldNode Parameters { get; }

    /// <summary>The arguments that are blocks (batches, tables, files), by their names.</summary>
    public IReadOnlyDictionary<string, Cid> Inputs { get; }

    /// <summary>The variables of the environment on which the result depends; null where one is not set.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    /// <summary>The bytes of the block.</summary>
    public ReadOnlyMemory<byte> Block => _block;

    /// <summary>Makes the key of a call.</summary>
    /// <param name="function">The name of the function, 1 to 1,024 bytes of UTF-8: the same in every program that
    /// shares results.</param>
    /// <param name="version">The version of the function. Another version is another key: change it with the code.
    /// </param>
    /// <param name="arguments">The arguments by name. A <see cref="Cid"/>, <see cref="BatchLease"/> or
    /// <see cref="PutResult"/> is an input; null, Boolean values, numbers, text, bytes, dates and times, and lists and
    /// dictionaries of them are values. Whole numbers within ±(2^53 − 1) are equal as integers and as floating-point
    /// numbers.</param>
    /// <param name="environment">The variables of the environment on which the result depends.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: an argument, which the message
    /// names, is no data; <see cref="ErrorCode.TooLarge"/>: the block would be over <see cref="MaxBytes"/>.</exception>
    public static CallKey Create(string function, string version, IEnumerable<KeyValuePair<string, object?>> arguments,
        IEnumerable<KeyValuePair<string, string?>>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var parameters = new Dictionary<string, IpldNode>(StringComparer.Ordinal);
        var inputs = new Dictionary<string, Cid>(StringComparer.Ordinal);
        foreach ((string name, object? value) in arguments)
        {
            CallArguments.ThrowIfInvalid("the name of an argument", name);
            bool isNew = CallArguments.InputOf(value) is { } input
                ? !parameters.ContainsKey(name) && inputs.TryAdd(name, input)
                : !inputs.ContainsKey(name) && parameters.TryAdd(name, CallArguments.NodeOf(name, value));
            if (!isNew)
                throw new ArrowCidException(ErrorCode.InvalidArgument, $"the argument '{name}' is given twice");
        }

        return Create(function, version, parameters, inputs,
            (environment ?? []).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal));
    }

    /// <summary>Makes the key of a call whose arguments are the public properties of an object, such as an anonymous
    /// one.</summary>
    /// <typeparam name="T">The type of the object.</typeparam>
    /// <param name="function">The name of the function.</param>
    /// <param name="version">The version of the function.</param>
    /// <param name="arguments">The object; each readable property is an argument by its name.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException">As for
    /// <see cref="Create(string, string, IEnumerable{KeyValuePair{string, object?}}, IEnumerable{KeyValuePair{string,
    /// string?}}?)"/>.</exception>
    public static CallKey Create<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(
        string function, string version, T arguments) where T : class
    {
        ArgumentNullException.ThrowIfNull(arguments);
        // A dictionary is a set of arguments, and not an object with a count and keys.
        IEnumerable<KeyValuePair<string, object?>> pairs = arguments as IEnumerable<KeyValuePair<string, object?>> ??
            typeof(T).GetProperties()
                .Where(property => property.CanRead && property.GetIndexParameters().Length == 0)
                .Select(property => KeyValuePair.Create(property.Name, property.GetValue(arguments)));
        return Create(function, version, pairs, environment: null);
    }

    /// <summary>Reads the block of a call.</summary>
    /// <param name="block">The bytes, strict dag-cbor.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the bytes are no call.</exception>
    public static CallKey Decode(ReadOnlySpan<byte> block)
    {
        if (block.Length > MaxBytes) throw NoCall($"it has {block.Length} bytes, over {MaxBytes}");
        IpldNode node = DagCbor.Decode(block);
        if (node.Kind != IpldKind.Map || node.Count != 7) throw NoCall("it is no map of seven members");
        if (node["v"] is not { Kind: IpldKind.Integer } v || v.AsInteger() != 1) throw NoCall("'v' is not 1");
        if (TextOf(node, "kind") != Kind) throw NoCall($"'kind' is not '{Kind}'");
        var inputs = new Dictionary<string, Cid>(StringComparer.Ordinal);
        foreach ((string name, IpldNode input) in MapOf(node, "inputs").Entries)
        {
            if (input.Kind != IpldKind.Bytes ||
                !Cid.TryFromBytes(input.AsBytes().Span, out Cid cid, out _, CidParseOptions.None))
            {
                throw NoCall($"the input '{name}' is no CID");
            }

            inputs.Add(name, cid);
        }

        var environment = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach ((string name, IpldNode value) in MapOf(node, "env").Entries)
        {
            if (value.Kind is not (IpldKind.Text or IpldKind.Null)) throw NoCall($"the variable '{name}' is no text");
            environment.Add(name, value.Kind == IpldKind.Null ? null : value.AsText());
        }

        CallKey key;
        try
        {
            key = Create(TextOf(node, "fn"), TextOf(node, "version"),
                MapOf(node, "params").Entries.ToDictionary(pair => pair.Key, pair => pair.Value), inputs, environment);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.InvalidArgument)
        {
            throw NoCall(e.Message);
        }

        // A number that another encoder would have written in another way makes another key of the same call.
        return key._block.AsSpan().SequenceEqual(block) ? key : throw NoCall("it is not in the form of a call");
    }

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] CallKey? other) => other is not null && Cid == other.Cid;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as CallKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Cid.GetHashCode();

    /// <summary>The call as one line.</summary>
    /// <returns>The function, and its arguments as DAG-JSON.</returns>
    public override string ToString() => $"{Function}({Parameters})";

    /// <summary>The same call, with its parts given.</summary>
    internal static CallKey Create(string function, string version, IReadOnlyDictionary<string, IpldNode> parameters,
        IReadOnlyDictionary<string, Cid> inputs, IReadOnlyDictionary<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(version);
        CallArguments.ThrowIfInvalid("the name of a function", function);
        if (version.Length > 0) CallArguments.ThrowIfInvalid("the version of a function", version);
        foreach (string name in environment.Keys)
            CallArguments.ThrowIfInvalid("the name of a variable", name);
        IpldNode map = IpldNode.Map([.. parameters.Select(pair =>
            (pair.Key, CallArguments.Normalized(pair.Key, pair.Value)))]);
        byte[] block = DagCbor.Encode(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("kind", IpldNode.Text(Kind)),
            ("fn", IpldNode.Text(function)),
            ("version", IpldNode.Text(version)),
            ("params", map),
            ("inputs", IpldNode.Map([.. inputs.Select(pair => (pair.Key, IpldNode.Bytes(pair.Value.ToBytes())))])),
            ("env", IpldNode.Map([.. environment.Select(pair =>
                (pair.Key, pair.Value is null ? IpldNode.Null : IpldNode.Text(pair.Value)))]))));
        if (block.Length > MaxBytes)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"the arguments of '{function}' take {block.Length} bytes, over {MaxBytes}; pass large ones as blocks");
        }

        return new CallKey(block, function, version, map, inputs, environment);
    }

    /// <summary>The call as a node, with the inputs as links for people to follow.</summary>
    internal IpldNode ToNode() => IpldNode.Map(
        ("v", IpldNode.Integer(1)), ("kind", IpldNode.Text(Kind)), ("fn", IpldNode.Text(Function)),
        ("version", IpldNode.Text(Version)), ("params", Parameters),
        ("inputs", IpldNode.Map([.. Inputs.Select(pair => (pair.Key, IpldNode.Link(pair.Value)))])),
        ("env", IpldNode.Map([.. Environment.Select(pair =>
            (pair.Key, pair.Value is null ? IpldNode.Null : IpldNode.Text(pair.Value)))])));

    private static string TextOf(IpldNode node, string key) => node[key] is { Kind: IpldKind.Text } text
        ? text.AsText()
        : throw NoCall($"'{key}' is no text");

    private static IpldNode MapOf(IpldNode node, string key) => node[key] is { Kind: IpldKind.Map } map
        ? map
        : throw NoCall($"'{key}' is no map");

    private static ArrowCidException NoCall(string why) =>
        new(ErrorCode.InvalidData, $"the block is no call: {why}");
}
