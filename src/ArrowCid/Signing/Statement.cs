using System.Collections.Immutable;
using System.Text;
using ArrowCid.Ipld;

namespace ArrowCid.Signing;

/// <summary>
/// What a key vouches for: a block, said at a time, with words of the signer's choice, and where it is the target of a
/// name, the name and the statement before it. It is a dag-cbor block (<c>Signing/SIGNING.md</c>).
/// </summary>
public sealed class Statement
{
    /// <summary>The most words of a statement.</summary>
    public const int MaxSays = 64;

    internal const string Kind = "arrowcid/statement";
    internal const int MaxBytes = 1 << 17;

    private const int MaxKeyBytes = 128;
    private const int MaxValueBytes = 1024;
    private const int MaxNameBytes = 255;
    private const long MaxMilliseconds = 253_402_300_799_999;

    private static readonly string[] s_keys =
        ["v", "key", "kind", "name", "says", "time", "subject", "previous"];

    /// <summary>The block that the statement is about.</summary>
    public required Cid Subject { get; init; }

    /// <summary>The name that was made to point to it; null where no name was.</summary>
    public string? Name { get; init; }

    /// <summary>The statement about the name's target before; null where there was none.</summary>
    public Cid? Previous { get; init; }

    /// <summary>When the signer made it, by the signer's clock, to the millisecond.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The words: at most 64 keys of 1 to 128 bytes of UTF-8, with values of at most 1,024.</summary>
    public IReadOnlyDictionary<string, string> Says { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The id of the key (<see cref="SigningKey.Id"/>).</summary>
    public required string Key { get; init; }

    /// <summary>Writes the statement as a block.</summary>
    /// <returns>The block's bytes: the same for the same statement.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a part is over a limit.</exception>
    public byte[] Encode()
    {
        if (Fault() is { } fault)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{fault} is not allowed in a statement");
        return DagCbor.Encode(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("key", IpldNode.Text(Key)),
            ("kind", IpldNode.Text(Kind)),
            ("name", Name is { } name ? IpldNode.Text(name) : IpldNode.Null),
            ("says", IpldNode.Map([.. Says.Select(pair => (pair.Key, IpldNode.Text(pair.Value)))])),
            ("time", IpldNode.Integer(Time.ToUnixTimeMilliseconds())),
            ("subject", IpldNode.Bytes(Subject.ToBytes())),
            ("previous", Previous is { } previous ? IpldNode.Bytes(previous.ToBytes()) : IpldNode.Null)));
    }

    /// <summary>Reads a statement.</summary>
    /// <param name="block">Any bytes.</param>
    /// <returns>The statement.</returns>
    /// <exception cref="InvalidIpldException">They are not exactly what <see cref="Encode"/> writes.</exception>
    public static Statement Decode(ReadOnlySpan<byte> block)
    {
        if (block.Length > MaxBytes) throw Refuse($"a statement of {block.Length} bytes, over {MaxBytes}");
        IpldNode node = DagCbor.Decode(block);
        var map = ManifestNode.Of(node, Kind, "key", "name", "says", "time", "subject", "previous");
        foreach (string key in s_keys)
        {
            if (!map.Has(key)) throw map.Refuse($"'{key}' is missing");
        }

        var says = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, IpldNode value) in map.Map("says").Entries)
            says.Add(key, value.Kind == IpldKind.Text ? value.AsText() : throw map.Refuse($"'{key}' is no text"));
        long time = map.Number("time");
        if (time > MaxMilliseconds) throw map.Refuse("'time' is after the year 9999");
        var statement = new Statement
        {
            Key = map.Text("key"),
            Name = node["name"]!.Kind == IpldKind.Null ? null : map.Text("name"),
            Says = says,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(time),
            Subject = CidAt(node, "subject"),
            Previous = node["previous"]!.Kind == IpldKind.Null ? null : CidAt(node, "previous"),
        };
        return statement.Fault() is { } fault ? throw map.Refuse($"{fault} is not allowed") : statement;
    }

    /// <summary>Whether bytes may be a statement, without reading them.</summary>
    internal static bool MayBe(ReadOnlySpan<byte> block) =>
        block.Length <= MaxBytes && block.IndexOf("arrowcid/statement"u8) >= 0;

    private string? Fault()
    {
        if (!IsWhole(Subject)) return "a subject that is not a CID of version 1 with SHA-256";
        if (Previous is { } previous && !(IsWhole(previous) && previous.Codec == Multicodec.DagCbor))
            return "a previous statement that is not a CID of version 1 with SHA-256 and dag-cbor";
        if (Name is { } name && OfName(name) is { } fault) return fault;
        if (Previous is not null && Name is null) return "a previous statement without a name";
        if (OfText("a key", Key, 1, MaxKeyBytes) is { } keyFault) return keyFault;
        if (Time.ToUnixTimeMilliseconds() is < 0 or > MaxMilliseconds) return "a time before 1970";
        if (Says.Count > MaxSays) return $"over {MaxSays} words";
        foreach ((string key, string value) in Says)
        {
            string? wrong = OfText("the key of a word", key, 1, MaxKeyBytes) ??
                OfText($"the word '{key}'", value, 0, MaxValueBytes);
            if (wrong is not null) return wrong;
        }

        return null;
    }

    private static string? OfName(string name) => OfText("a name", name, 1, MaxNameBytes) ??
        (name.Any(char.IsControl) ? "a name with a control character" : null) ??
        (name[0] == ' ' || name[^1] == ' ' ? "a name that begins or ends with a space" : null);

    private static string? OfText(string what, string text, int least, int most)
    {
        if (!IpldText.IsWellFormed(text)) return $"{what} that is not Unicode";
        int length = Encoding.UTF8.GetByteCount(text);
        return length < least ? $"{what} without a character" : length > most
            ? $"{what} of {length} bytes, over {most}," : null;
    }

    private static Cid CidAt(IpldNode node, string key) => node[key] is { Kind: IpldKind.Bytes } bytes &&
        Cid.TryFromBytes(bytes.AsBytes().Span, out Cid cid, out _) ? cid : throw Refuse($"'{key}' is no CID");

    private static bool IsWhole(Cid cid) => !cid.IsDefault && cid.Version == 1 && cid.Hash.IsSha256;

    private static InvalidIpldException Refuse(string rule) => new(Kind, rule);
}
