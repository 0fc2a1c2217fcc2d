using System.Globalization;
using System.Text;
using ArrowCid.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ArrowCid.Server.Http;

/// <summary>Parameters of the API.</summary>
internal static class ApiQuery
{
    /// <summary>The parameters that <see cref="FactsOf"/> reads.</summary>
    public static IReadOnlyList<string> FactNames { get; } =
        [.. ApiParameters.Metadata.Select(each => each.Name)];

    /// <summary>The CID in a route, which may also be a name after <c>@</c>.</summary>
    /// <exception cref="BlockRemovedException">The block was removed.</exception>
    public static Cid CidOf(HttpContext context, CidStore store)
    {
        Cid cid = Read(context, store);
        return store.Proofs.RemovedError(cid) is { } removed ? throw removed : cid;
    }

    private static Cid Read(HttpContext context, CidStore store)
    {
        string text = (string?)context.Request.RouteValues["cid"] ?? "";
        if (text.StartsWith('@')) return Resolve(store, PathNames.NameOf(context));
        return Cid.TryParse(text, out Cid cid, out CidError error)
            ? cid
            : throw new ArrowCidException(ErrorCode.InvalidCid, $"'{text}' is no CID: {Cid.Describe(error)}");
    }

    /// <summary>The CID that a name points to.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>.</exception>
    public static Cid Resolve(CidStore store, string name) =>
        store.Names.Resolve(name) ?? throw new ArrowCidException(ErrorCode.NameNotFound, $"no name '{name}'");

    /// <summary>Refuses a query that is not percent-encoded UTF-8, or has a parameter that the route does not
    /// know.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static void Require(HttpContext context, IReadOnlyList<string> known)
    {
        string query = context.Request.QueryString.Value ?? "";
        if (!PercentEncoding.TryDecode(query, out _))
            throw new ArrowCidException(ErrorCode.InvalidArgument, "the query is not percent-encoded UTF-8");
        foreach (string name in context.Request.Query.Keys)
        {
            if (known.Contains(name)) continue;
            string those = known.Count == 0 ? "it takes none" : $"known are {string.Join(", ", known)}";
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"'{name}' is not a parameter of this route; {those}");
        }
    }

    /// <summary>The columns that are asked for, in their order; none where all are.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a name is empty or
    /// repeated.</exception>
    public static IReadOnlyList<string> ColumnsOf(HttpContext context)
    {
        const string Name = "columns";
        if (!context.Request.Query.TryGetValue(Name, out StringValues lists)) return [];
        var columns = new List<string>();
        foreach (string? list in lists)
        {
            var column = new StringBuilder();
            for (int i = 0; i < list!.Length; i++)
            {
                if (list[i] == ',')
                {
                    Add(column);
                    continue;
                }

                // A backslash stands before a comma or backslash of a name.
                if (list[i] == '\\' && i + 1 < list.Length) i++;
                _ = column.Append(list[i]);
            }

            Add(column);
        }

        return columns;

        void Add(StringBuilder column)
        {
            string name = column.ToString();
            if (name.Length == 0 || columns.Contains(name))
            {
                throw new ArrowCidException(ErrorCode.InvalidArgument, name.Length == 0
                    ? $"{Name} names columns, separated by commas; one of the names is empty"
                    : $"{Name} names '{name}' twice");
            }

            columns.Add(name);
            _ = column.Clear();
        }
    }

    public static Filter? FilterOf(HttpContext context) =>
        context.Request.Query["filter"] is { Count: > 0 } text ? Filter.Parse(text.ToString()) : null;

    public static int Number(HttpContext context, string name, int byDefault, int most)
    {
        if (context.Request.Query[name] is not { Count: > 0 } text) return byDefault;
        bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return isNumber && number >= 1 && number <= most
            ? number
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"{name} is a number from 1 to {most}");
    }

    /// <summary>The metadata of batches that are put; null if there is none.</summary>
    /// <param name="context">The request.</param>
    /// <param name="now">The store's time, from which a duration counts.</param>
    public static PutOptions? FactsOf(HttpContext context, DateTimeOffset now)
    {
        IQueryCollection query = context.Request.Query;
        if (!FactNames.Any(query.ContainsKey)) return null;
        string? expires = Text(query, "expires");
        bool isSpan = Filter.TryParseSpan(expires ?? "", out TimeSpan span) && span < DateTimeOffset.MaxValue - now;
        TimeSpan? after = isSpan ? span : null;
        return new PutOptions
        {
            Tags = query.ContainsKey("tag") ? Tags(query["tag"]) : null,
            Name = Text(query, "name"),
            Producer = Text(query, "producer"),
            Expires = after is null && expires is not null ? Expiry(expires) : null,
            ExpiresAfter = after,
            Pin = Flag(query, "pin"),
            Parents = query.ContainsKey("parent")
                ? [.. query["parent"].Select(parent => Cid.Parse(parent ?? ""))]
                : null,
            Json = Text(query, "about"),
        };
    }

    private static DateTimeOffset Expiry(string text)
    {
        if (text == "never") return DateTimeOffset.MaxValue;
        return Filter.TryParseTime(text, out DateTimeOffset time)
            ? time
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"expires is a duration such as 7d, a date or time, or never, not '{text}'");
    }

    private static bool Flag(IQueryCollection query, string name) => Text(query, name) switch
    {
        null or "" or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw new ArrowCidException(ErrorCode.InvalidArgument, $"{name} is true or false"),
    };

    private static string? Text(IQueryCollection query, string name) =>
        query[name] is { Count: > 0 } value ? value.ToString() : null;

    private static Dictionary<string, string?> Tags(StringValues values)
    {
        var tags = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (string? each in values)
        {
            int equals = each?.IndexOf('=', StringComparison.Ordinal) ?? -1;
            if (equals < 1)
                throw new ArrowCidException(ErrorCode.InvalidArgument, $"tag is KEY=VALUE, not '{each}'");
            tags[each![..equals]] = each[(equals + 1)..];
        }

        return tags;
    }
}
