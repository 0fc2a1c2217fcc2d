using System.Globalization;

namespace ArrowCid.Registry;

/// <summary>
/// A storage deal of Filecoin for a block, as a tag of the block: the key is <c>filecoin.deal.PROVIDER.ID</c>, the
/// value <c>PIECE EXPIRES</c>. It is a note of a program or person that made the deal. Nothing here makes, renews or
/// proves deals, and a deal does not count as a copy.
/// </summary>
public sealed record DealRecord
{
    private const string Prefix = "filecoin.deal.";

    /// <summary>The storage provider's address, such as <c>f01234</c>: the letter f or t and digits.</summary>
    public required string Provider { get; init; }

    /// <summary>The deal's number on the chain.</summary>
    public required ulong DealId { get; init; }

    /// <summary>The CID of the piece (CommP) that holds the block, whose codec is fil-commitment-unsealed.</summary>
    public required Cid Piece { get; init; }

    /// <summary>When the deal ends, to the second.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Returns the tag that <see cref="StoreMetadata"/> sets.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the provider is no
    /// address.</exception>
    public KeyValuePair<string, string> ToTag()
    {
        if (!IsProvider(Provider))
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"'{Provider}' is not the address of a provider, such as f01234");
        }

        return KeyValuePair.Create(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Provider}.{DealId}"),
            $"{Piece} {Expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}");
    }

    /// <summary>Reads the deals among the tags of a block, sorted by their keys. Tags that are no deals are left
    /// out.</summary>
    /// <param name="entry">The block.</param>
    /// <returns>The deals.</returns>
    public static IReadOnlyList<DealRecord> Of(StoredEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return
        [
            .. entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => Read(tag.Key, tag.Value))
                .OfType<DealRecord>(),
        ];
    }

    private static DealRecord? Read(string key, string value)
    {
        if (!key.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        string[] parts = key[Prefix.Length..].Split('.'), values = value.Split(' ');
        bool isDeal = parts is [var provider, var id] && values.Length == 2 && IsProvider(provider);
        if (!isDeal || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            return null;
        bool isTime = DateTimeOffset.TryParseExact(values[1], "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out DateTimeOffset expires);
        return isTime && Cid.TryParse(values[0], out Cid piece, out _)
            ? new DealRecord { Provider = parts[0], DealId = number, Piece = piece, Expires = expires }
            : null;
    }

    private static bool IsProvider(string text) =>
        text.Length is > 2 and <= 32 && (text[0] is 'f' or 't') && text[1] == '0'
        && text.Skip(2).All(char.IsAsciiDigit);
}
