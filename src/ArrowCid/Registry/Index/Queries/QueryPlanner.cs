using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>
/// Chooses the order that a query goes by: of the tests that must all hold, the one with the fewest keys. What it
/// chooses may hold too much, never too little: the whole filter is asked of each entry.
/// </summary>
internal static class QueryPlanner
{
    // Up to here bytes of UTF-8 and UTF-16 code units have one order.
    private const char FirstSurrogate = '\ud800';

    // In the order of schemas the nodes of IPLD have a digest of zeros.
    private static readonly KeyRange s_nodes = Within(new byte[Digest256.ByteCount]);

    /// <param name="filter">The filter, or null for everything.</param>
    /// <param name="withAbsent">Whether blocks that are not here are asked for too.</param>
    /// <param name="now">The time that ages count from, in ticks of UTC.</param>
    /// <param name="kind">The order that it must be, or null for the best.</param>
    /// <param name="estimate">About how many keys a plan has.</param>
    /// <returns>Null where the order asked for does not answer the filter.</returns>
    public static QueryPlan? Choose(Filter? filter, bool withAbsent, long now, IndexKind? kind,
        Func<QueryPlan, long> estimate)
    {
        // Every stored block has a put time; of others only the CID is certain.
        QueryPlan everything = new(withAbsent ? IndexKind.Cid : IndexKind.Created, [QueryPlan.Everything], "", false);
        QueryPlan? best = kind is null || kind == everything.Kind
            ? everything with { Estimate = estimate(everything) }
            : null;
        FilterNode[] tests = filter?.Root switch
        {
            null => [],
            FilterJoin { IsAll: true } all => [.. all.Nodes],
            var one => [one],
        };
        foreach (QueryPlan plan in Join([.. tests.Select(test => Of(test, now)).OfType<QueryPlan>()]))
        {
            if (kind is not null && plan.Kind != kind) continue;
            QueryPlan known = plan with { Estimate = estimate(plan), IsExact = plan.IsExact && tests.Length == 1 };
            // An order of its own is taken before everything where they are as long.
            bool isBetter = best is null || known.Estimate < best.Estimate ||
                (best.Test.Length == 0 && known.Estimate == best.Estimate);
            if (isBetter) best = known;
        }

        return best;
    }

    /// <summary>Tests of one field that has one value are one range.</summary>
    private static IEnumerable<QueryPlan> Join(List<QueryPlan> plans)
    {
        foreach (IGrouping<(IndexKind, string), QueryPlan> group in plans.GroupBy(GroupOf))
        {
            QueryPlan[] all = [.. group];
            bool canJoin = all.Length > 1 && Array.TrueForAll(all, plan => plan.Ranges.Length == 1) &&
                all[0].Kind is not (IndexKind.Name or IndexKind.Parent or IndexKind.Copy);
            if (!canJoin)
            {
                foreach (QueryPlan plan in all) yield return plan;
                continue;
            }

            KeyRange joined = all.Aggregate(QueryPlan.Everything, (range, plan) => range.And(plan.Ranges[0]));
            yield return all[0] with
            {
                Ranges = [joined],
                Test = string.Join(" and ", all.Select(plan => plan.Test)),
                IsExact = false,
            };
        }
    }

    /// <summary>A tag's key is part of what is ordered.</summary>
    private static (IndexKind, string) GroupOf(QueryPlan plan)
    {
        if (plan.Kind != IndexKind.Tag) return (plan.Kind, "");
        byte[] low = plan.Ranges[0].Low!;
        int end = low.AsSpan().IndexOf([(byte)0, (byte)1]);
        return (plan.Kind, Convert.ToHexString(low.AsSpan(0, end)));
    }

    private static QueryPlan? Of(FilterNode test, long now)
    {
        QueryPlan? plan = test switch
        {
            FilterPinned => new QueryPlan(IndexKind.Pinned, [QueryPlan.Everything], "", IsExact: false),
            FilterPresence presence => OfPresence(presence.Field),
            FilterComparison comparison =>
                OfComparison(comparison.Field, comparison.Operator, [comparison.Value], now),
            FilterMembership membership =>
                OfComparison(membership.Field, FilterOperator.Equal, [.. membership.Values], now),
            _ => null,
        };
        if (plan is null) return null;
        var text = new StringBuilder();
        test.Print(text);
        return plan with { Test = text.ToString() };
    }

    private static QueryPlan? OfPresence(FilterField field) => field.Kind switch
    {
        FilterFieldKind.Producer => All(IndexKind.Producer, isExact: true),
        FilterFieldKind.Name => All(IndexKind.Name),
        FilterFieldKind.Schema => All(IndexKind.Schema),
        FilterFieldKind.Parent => All(IndexKind.Parent),
        FilterFieldKind.Expires => All(IndexKind.Expires),
        FilterFieldKind.Pinned => All(IndexKind.Pinned),
        FilterFieldKind.Place => All(IndexKind.Copy),
        FilterFieldKind.Signer => All(IndexKind.Signed),
        FilterFieldKind.Tag => new QueryPlan(IndexKind.Tag, [Within(IndexKey.OfText(field.Parts[0]))], "", true),
        _ => null,
    };

    private static QueryPlan All(IndexKind kind, bool isExact = false) =>
        new(kind, [QueryPlan.Everything], "", isExact);

    private static QueryPlan? OfComparison(FilterField field, FilterOperator op, FilterValue[] values, long now)
    {
        if (op == FilterOperator.NotEqual) return null;
        // Who signed is in the statement's block, which a checkpoint does not read.
        if (field.Kind == FilterFieldKind.Signer) return All(IndexKind.Signed);
        IndexKind? kind = field.Kind switch
        {
            FilterFieldKind.Cid => IndexKind.Cid,
            FilterFieldKind.Schema => IndexKind.Schema,
            FilterFieldKind.Kind when op == FilterOperator.Equal && Array.TrueForAll(values, IsNodeKind) =>
                IndexKind.Schema,
            FilterFieldKind.Parent => IndexKind.Parent,
            FilterFieldKind.Producer => IndexKind.Producer,
            FilterFieldKind.Name => IndexKind.Name,
            FilterFieldKind.Tag => IndexKind.Tag,
            FilterFieldKind.Created or FilterFieldKind.Age => IndexKind.Created,
            FilterFieldKind.Expires => IndexKind.Expires,
            FilterFieldKind.Place => IndexKind.Copy,
            _ => null,
        };
        if (kind is not { } order) return null;
        var ranges = new List<KeyRange>(values.Length);
        bool isExact = order is IndexKind.Tag or IndexKind.Producer;
        // Any node may be a dataset of the schema.
        if (order == IndexKind.Schema) ranges.Add(s_nodes);
        if (field.Kind == FilterFieldKind.Kind) return new QueryPlan(order, [.. ranges], "", IsExact: false);
        foreach (FilterValue value in values)
        {
            KeyRange? range = order switch
            {
                IndexKind.Cid or IndexKind.Schema or IndexKind.Parent => OfCid(order, value),
                IndexKind.Created => OfCreated(field.Kind, op, value, now),
                IndexKind.Expires => OfExpiry(op, value, now),
                _ => OfText(order, field, op, value, ref isExact),
            };
            if (range is not { } known) return null;
            ranges.Add(known);
        }

        return new QueryPlan(order, [.. Apart(ranges)], "", isExact);
    }

    /// <summary>Ranges in their order, those that meet made one.</summary>
    private static List<KeyRange> Apart(List<KeyRange> ranges)
    {
        ranges.Sort(static (one, other) => (one.Low ?? []).AsSpan().SequenceCompareTo(other.Low ?? []));
        var apart = new List<KeyRange>(ranges.Count);
        foreach (KeyRange range in ranges)
        {
            bool isApart = apart.Count == 0 ||
                (apart[^1].High is { } high && high.AsSpan().SequenceCompareTo(range.Low ?? []) <= 0);
            if (isApart)
            {
                apart.Add(range);
                continue;
            }

            KeyRange last = apart[^1];
            bool isInside = last.High is null ||
                (range.High is not null && range.High.AsSpan().SequenceCompareTo(last.High) <= 0);
            if (!isInside) apart[^1] = last with { High = range.High };
        }

        return apart;
    }

    private static KeyRange Within(byte[] prefix) => new(prefix, IndexKey.Behind(prefix));

    private static KeyRange? OfCid(IndexKind order, FilterValue value)
    {
        if (value is not FilterCidValue cid) return null;
        // Another kind of CID is no block's; no key lies in this empty range.
        if (!cid.Cid.TryGetSha256(out Digest256 digest)) return new KeyRange([0], [0]);
        byte[] key = IndexKey.OfDigest(in digest);
        return order == IndexKind.Cid ? new KeyRange(key, [.. key, 0]) : Within(key);
    }

    private static bool IsNodeKind(FilterValue value) =>
        value is FilterTextValue { Text: "dataset" or "manifest" or "node" };

    private static KeyRange? OfText(IndexKind order, FilterField field, FilterOperator op, FilterValue value,
        ref bool isExact)
    {
        byte[] before = order == IndexKind.Tag ? IndexKey.OfText(field.Parts[0]) : [];
        byte[]? end = before.Length == 0 ? null : IndexKey.Behind(before);
        switch (value)
        {
            case FilterGlobValue glob:
                isExact = false;
                string prefix = glob.Prefix;
                // Half a character has no bytes.
                if (prefix.Length > 0 && char.IsHighSurrogate(prefix[^1])) prefix = prefix[..^1];
                if (!Ipld.IpldText.IsWellFormed(prefix)) return null;
                byte[] begin = [.. before, .. Open(order, prefix)];
                return begin.Length == 0 ? QueryPlan.Everything : Within(begin);
            case FilterTextValue text: return OfText(order, op, text.Text, before, end, ref isExact);
            case FilterConstantValue { Constant: { } flag } when order == IndexKind.Tag:
                return OfText(order, op, flag ? "true" : "false", before, end, ref isExact);
            default:
                // Tags are read as what they are compared with: any text may be that.
                isExact = false;
                return order == IndexKind.Tag ? Within(before) : null;
        }
    }

    private static KeyRange? OfText(IndexKind order, FilterOperator op, string text, byte[] before, byte[]? end,
        ref bool isExact)
    {
        if (!Ipld.IpldText.IsWellFormed(text)) return null;
        byte[] open = [.. before, .. Open(order, text)];
        byte[] behind = order == IndexKind.Name ? [.. open, 0] : [.. before, .. IndexKey.BehindText(text)];
        if (op == FilterOperator.Equal)
        {
            return order == IndexKind.Name
                ? new KeyRange(open, behind)
                : new KeyRange([.. before, .. IndexKey.OfText(text)], behind);
        }

        if (text.AsSpan().IndexOfAnyInRange(FirstSurrogate, char.MaxValue) >= 0)
        {
            isExact = false;
            return before.Length == 0 ? null : Within(before);
        }

        return op switch
        {
            FilterOperator.Less => new KeyRange(before, open),
            FilterOperator.LessOrEqual => new KeyRange(before, behind),
            FilterOperator.Greater => new KeyRange(behind, end),
            FilterOperator.GreaterOrEqual => new KeyRange(open, end),
            _ => null,
        };
    }

    private static byte[] Open(IndexKind order, string text) =>
        order == IndexKind.Name ? Ipld.IpldText.Utf8.GetBytes(text) : IndexKey.OfOpenText(text);

    private static KeyRange? OfCreated(FilterFieldKind field, FilterOperator op, FilterValue value, long now)
    {
        (Int128 From, Int128 To)? span = value switch
        {
            FilterTimeValue time when field == FilterFieldKind.Created => Bounds(op, time.Time.From, time.Time.To),
            // Younger is later.
            FilterSpanValue age when field == FilterFieldKind.Age =>
                Bounds(Turned(op), (Int128)now - age.Ticks, (Int128)now - age.Ticks + 1),
            _ => null,
        };
        return span is not { } known ? null : new KeyRange(
            IndexKey.OfTime(SinceEpoch(known.From)), EndOf(known.To, 1));
    }

    private static KeyRange? OfExpiry(FilterOperator op, FilterValue value, long now)
    {
        (Int128 From, Int128 To)? span = value switch
        {
            FilterTimeValue time => Bounds(op, time.Time.From, time.Time.To),
            FilterSpanValue left => Bounds(op, (Int128)now + left.Ticks, (Int128)now + left.Ticks + 1),
            _ => null,
        };
        return span is not { } known ? null : new KeyRange(
            IndexKey.OfTime(SinceEpoch(known.From) / TimeSpan.TicksPerMillisecond),
            EndOf(known.To, TimeSpan.TicksPerMillisecond));
    }

    /// <summary>The ticks of UTC for which a comparison with some of them holds; the end is exclusive.</summary>
    private static (Int128 From, Int128 To)? Bounds(FilterOperator op, Int128 from, Int128 to) => op switch
    {
        FilterOperator.Equal => (from, to),
        FilterOperator.Less => (0, from),
        FilterOperator.LessOrEqual => (0, to),
        FilterOperator.Greater => (to, Int128.MaxValue),
        FilterOperator.GreaterOrEqual => (from, Int128.MaxValue),
        _ => null,
    };

    private static FilterOperator Turned(FilterOperator op) => op switch
    {
        FilterOperator.Less => FilterOperator.Greater,
        FilterOperator.LessOrEqual => FilterOperator.GreaterOrEqual,
        FilterOperator.Greater => FilterOperator.Less,
        FilterOperator.GreaterOrEqual => FilterOperator.LessOrEqual,
        _ => op,
    };

    private static ulong SinceEpoch(Int128 ticks) =>
        (ulong)Int128.Clamp(ticks - DateTime.UnixEpoch.Ticks, 0, long.MaxValue);

    private static byte[]? EndOf(Int128 ticks, long unit) => ticks - DateTime.UnixEpoch.Ticks > long.MaxValue
        ? null
        : IndexKey.OfTime((SinceEpoch(ticks) + (ulong)unit - 1) / (ulong)unit);
}
