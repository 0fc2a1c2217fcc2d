using System.Globalization;
using System.Text;
using ArrowCid.Registry;

namespace ArrowCid.Postgres;

/// <summary>
/// A condition in SQL that everything that passes a filter meets, so that an index finds it. The filter itself decides
/// of what was found. What the database would compare in another way is left to it: order of texts, tags that are read
/// as numbers or dates, denials.
/// </summary>
internal sealed class FilterSql
{
    private const string Anything = "true";

    private readonly List<object> _values = [];

    private FilterSql()
    {
    }

    /// <summary>The condition of a row <c>b</c> of the table <c>block</c>.</summary>
    public string Condition { get; private set; } = Anything;

    /// <summary>Its parameters, $1, $2 …</summary>
    public IReadOnlyList<object> Values => _values;

    /// <summary>The condition of a filter; without one, a condition that everything meets.</summary>
    public static FilterSql Of(Filter? filter)
    {
        var sql = new FilterSql();
        if (filter is not null) sql.Condition = sql.Write(filter.Root);
        return sql;
    }

    private string Write(FilterNode node) => node switch
    {
        FilterJoin { IsAll: true } all => Join(" and ", [.. all.Nodes.Select(Write).Where(part => part != Anything)]),
        // One part that is not known makes all of it unknown.
        FilterJoin one => one.Nodes.Select(Write).ToArray() is var parts && parts.Contains(Anything)
            ? Anything : Join(" or ", parts),
        FilterPinned => $"""
            (exists (select from word w where w.digest = b.digest and w.kind = 8 and w.text = '\x31')
            or exists (select from hold h where h.digest = b.digest))
            """,
        FilterPresence { Field: { Kind: FilterFieldKind.Tag } field } =>
            WriteTag(field),
        FilterComparison { Operator: FilterOperator.Equal } equal => Write(equal.Field, [equal.Value]),
        FilterComparison { Field.Kind: FilterFieldKind.Created, Value: FilterTimeValue value } created =>
            WriteTime(created.Operator, value.Time),
        FilterMembership membership => Write(membership.Field, [.. membership.Values]),
        _ => Anything,
    };

    private string Write(FilterField field, FilterValue[] values) => field.Kind switch
    {
        FilterFieldKind.Tag when values.All(value => value is FilterTextValue) =>
            $"b.digest in (select w.digest from word w where w.kind = 1 and w.key = {Key(field)} " +
            $"and w.text = any ({Texts(values)}))",
        FilterFieldKind.Tag => WriteTag(field),
        FilterFieldKind.Producer when values.All(value => value is FilterTextValue) =>
            "b.digest in (select w.digest from word w where w.kind = 2 and w.key = '' " +
            $"and w.text = any ({Texts(values)}))",
        FilterFieldKind.Cid when values.All(value => value is FilterCidValue) => $"b.digest = any ({Digests(values)})",
        FilterFieldKind.Schema when values.All(value => value is FilterCidValue) =>
            $"b.schema = any ({Digests(values)})",
        FilterFieldKind.Parent when values.All(value => value is FilterCidValue) =>
            $"b.digest in (select w.digest from word w where w.kind = 3 and w.links && {Digests(values)})",
        FilterFieldKind.Name when values.All(value => value is FilterTextValue) =>
            $"b.digest in (select n.target from name n where n.name = any ({Names(values)}))",
        FilterFieldKind.Signer => "b.digest in (select w.digest from word w where w.kind = 18)",
        FilterFieldKind.Created when values is [FilterTimeValue time] => WriteTime(FilterOperator.Equal, time.Time),
        _ => Anything,
    };

    private string WriteTag(FilterField field) => "b.digest in (select w.digest from word w where w.kind = 1 " +
        $"and w.key = {Key(field)} and w.text is not null)";

    // The database keeps microseconds, so that the ends are a microsecond further out.
    private string WriteTime(FilterOperator op, FilterTime time)
    {
        string from = Add(TimeOf(time.From - TimeSpan.TicksPerMicrosecond)),
            to = Add(TimeOf(time.To + TimeSpan.TicksPerMicrosecond));
        return op switch
        {
            FilterOperator.Equal => $"b.created >= {from} and b.created <= {to}",
            FilterOperator.Less or FilterOperator.LessOrEqual => $"b.created <= {to} and {from} is not null",
            FilterOperator.Greater or FilterOperator.GreaterOrEqual => $"b.created >= {from} and {to} is not null",
            _ => $"{from} is not null and {to} is not null",
        };
    }

    private static DateTimeOffset TimeOf(long ticks) =>
        new(Math.Clamp(ticks, DateTimeOffset.UnixEpoch.UtcTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);

    private static string Join(string word, string[] parts) =>
        parts.Length == 0 ? Anything : $"({string.Join(word, parts)})";

    private string Key(FilterField field) => Add(Encoding.UTF8.GetBytes(field.Parts[0]));

    private string Texts(FilterValue[] values) =>
        Add(values.Select(value => Encoding.UTF8.GetBytes(((FilterTextValue)value).Text)).ToArray());

    // A name has no control characters; a text of a filter may, and the database cannot take the first of them.
    private string Names(FilterValue[] values) =>
        Add(values.Select(value => ((FilterTextValue)value).Text.Replace('\0', '\n')).ToArray());

    private string Digests(FilterValue[] values) => Add(values.Select(value => ((FilterCidValue)value).Cid)
        .Where(cid => cid.Version == 1 && cid.TryGetSha256(out _)).Select(PoolRows.BytesOf).ToArray());

    private string Add(object value)
    {
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${_values.Count}");
    }
}
