using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ArrowCid.Server.Pinning;

/// <summary>The filters of <c>GET /pins</c>. Without any of them only pinned requests pass.</summary>
internal sealed class PinFilter
{
    public const int DefaultLimit = 10, MaxLimit = 1000;

    private const int MostCids = 10, MostMeta = 1000, MetaDepth = 4;

    private HashSet<Cid>? _cids;
    private FrozenSet<PinState>? _states;
    private string? _name;
    private string _match = "exact";
    private long? _before, _after;
    private IReadOnlyDictionary<string, string>? _meta;

    private PinFilter()
    {
    }

    /// <summary>The largest number of requests in the answer.</summary>
    public int Limit { get; private set; } = DefaultLimit;

    /// <summary>Reads a query. Parameters that are not known are passed over.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a value is wrong.</exception>
    public static PinFilter Read(IQueryCollection query)
    {
        var filter = new PinFilter();
        if (Items(query, "cid") is { } cids)
        {
            filter._cids = [.. cids.Select(ReadCid)];
            if (filter._cids.Count is 0 or > MostCids) throw Invalid($"cid names 1 to {MostCids} CIDs");
        }

        if (Items(query, "status") is { } states) filter._states = states.Select(ReadState).ToFrozenSet();
        filter._name = Text(query, "name");
        filter._match = Text(query, "match") ?? filter._match;
        if (filter._match is not ("exact" or "iexact" or "partial" or "ipartial"))
            throw Invalid("match is exact, iexact, partial or ipartial");
        filter._before = Time(query, "before");
        filter._after = Time(query, "after");
        filter._meta = Meta(query);
        if (Text(query, "limit") is { } limit)
        {
            bool isNumber = int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            filter.Limit = isNumber && number is >= 1 and <= MaxLimit
                ? number
                : throw Invalid($"limit is a number from 1 to {MaxLimit}");
        }

        bool isAny = filter is { _cids: null, _states: null, _name: null, _before: null, _after: null, _meta: null };
        if (isAny) filter._states = [PinState.Pinned];
        return filter;
    }

    /// <summary>Whether a request passes.</summary>
    public bool Passes(PinRequest request) =>
        (_cids is null || _cids.Contains(request.Root))
        && (_states is null || _states.Contains(request.State))
        && (_name is null || (request.Name is { } name && IsMatch(name)))
        && (_before is null || request.Created < _before)
        && (_after is null || request.Created > _after)
        && (_meta is null || _meta.All(each => request.Meta.TryGetValue(each.Key, out string? value)
            && value == each.Value));

    private bool IsMatch(string name) => _match switch
    {
        "iexact" => name.Equals(_name, StringComparison.OrdinalIgnoreCase),
        "partial" => name.Contains(_name!, StringComparison.Ordinal),
        "ipartial" => name.Contains(_name!, StringComparison.OrdinalIgnoreCase),
        _ => name == _name,
    };

    private static Cid ReadCid(string text) => Cid.TryParse(text, out Cid cid, out CidError error)
        ? cid.ToV1()
        : throw new ArrowCidException(ErrorCode.InvalidCid, $"'{text}' is no CID: {Cid.Describe(error)}");

    private static PinState ReadState(string text) => text switch
    {
        "queued" => PinState.Queued,
        "pinning" => PinState.Pinning,
        "pinned" => PinState.Pinned,
        "failed" => PinState.Failed,
        _ => throw Invalid("status is queued, pinning, pinned or failed"),
    };

    /// <summary>The values of a parameter that is repeated, or has commas: both are in use.</summary>
    private static IEnumerable<string>? Items(IQueryCollection query, string name) =>
        query.TryGetValue(name, out StringValues values)
            ? values.SelectMany(value => (value ?? "").Split(',')).Where(value => value.Length > 0)
            : null;

    private static string? Text(IQueryCollection query, string name) =>
        query.TryGetValue(name, out StringValues values) && values is [{ Length: > 0 } text, ..] ? text : null;

    private static long? Time(IQueryCollection query, string name)
    {
        if (Text(query, name) is not { } text) return null;
        // A plus that was not encoded has become a space.
        return DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToUnixTimeMilliseconds()
            : throw Invalid($"{name} is a time such as 2026-07-27T17:32:28Z");
    }

    private static Dictionary<string, string>? Meta(IQueryCollection query)
    {
        if (Text(query, "meta") is not { } text) return null;
        JsonElement root = StrictJson.Parse(Encoding.UTF8.GetBytes(text), MetaDepth, out string? error);
        if (error is not null || root.ValueKind != JsonValueKind.Object)
            throw Invalid("meta is a JSON object of texts");
        var meta = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty each in root.EnumerateObject())
        {
            if (each.Value.ValueKind != JsonValueKind.String || meta.Count == MostMeta)
                throw Invalid($"meta is a JSON object of at most {MostMeta} texts");
            meta.Add(each.Name, each.Value.GetString()!);
        }

        return meta;
    }

    private static ArrowCidException Invalid(string rule) => new(ErrorCode.InvalidArgument, rule);
}
