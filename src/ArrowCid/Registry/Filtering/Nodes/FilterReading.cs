using System.Globalization;
using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>Takes a field's values from an entry. A field of several values holds where one of them does; one of none
/// never.</summary>
internal static class FilterReading
{
    public static bool IsPresent(FilterField field, StoredEntry entry) => field.Kind switch
    {
        FilterFieldKind.Cid => true,
        FilterFieldKind.Schema => entry.SchemaCid is not null,
        FilterFieldKind.Rows => HasRows(entry),
        FilterFieldKind.Bytes or FilterFieldKind.Kind => IsKnown(entry),
        FilterFieldKind.Created or FilterFieldKind.Age => entry.Created is not null,
        FilterFieldKind.Producer => entry.Producer is not null,
        FilterFieldKind.Parent => entry.Parents.Count > 0,
        FilterFieldKind.Name => entry.Names.Count > 0,
        FilterFieldKind.Pinned => entry.IsPinned,
        FilterFieldKind.Expires => entry.Expires is not null,
        FilterFieldKind.Place => entry.Copies.Count > 0,
        FilterFieldKind.Signer => entry.Signers.Count > 0,
        FilterFieldKind.Tag => entry.Tags.ContainsKey(field.Parts[0]),
        _ => At(entry.Data, field.Parts) is not null,
    };

    public static bool Holds(FilterField field, FilterOperator op, FilterValue value, StoredEntry entry, long now) =>
        field.Kind switch
        {
            FilterFieldKind.Cid => value.Holds(op, entry.Cid),
            FilterFieldKind.Schema => entry.SchemaCid is { } schema && value.Holds(op, schema),
            FilterFieldKind.Rows =>
                HasRows(entry) && value.Holds(op, FilterNumber.Of((Int128)entry.Rows)),
            FilterFieldKind.Bytes => IsKnown(entry) && value.Holds(op, FilterNumber.Of((Int128)entry.ByteLength)),
            FilterFieldKind.Kind => IsKnown(entry) && value.Holds(op, FilterField.Kinds[(int)entry.Kind - 1]),
            FilterFieldKind.Created => entry.Created is { } created && value.HoldsOfTime(op, created.UtcTicks),
            FilterFieldKind.Age => entry.Created is { } birth && value.HoldsOfSpan(op, now - birth.UtcTicks),
            FilterFieldKind.Producer => entry.Producer is { } producer && value.Holds(op, producer),
            FilterFieldKind.Expires => entry.Expires is { } end && HoldsOfEnd(op, value, end.UtcTicks, now),
            FilterFieldKind.Tag => entry.Tags.TryGetValue(field.Parts[0], out string? tag) && value.HoldsOfTag(op, tag),
            FilterFieldKind.Json => At(entry.Data, field.Parts) is { } node && value.Holds(op, node),
            FilterFieldKind.Parent => HoldsOfOne(op, value, entry.Parents),
            FilterFieldKind.Name => HoldsOfOne(op, value, entry.Names),
            FilterFieldKind.Place => HoldsOfOne(op, value, [.. entry.Copies.Select(copy => copy.Place)]),
            FilterFieldKind.Signer => HoldsOfOne(op, value, entry.Signers),
            _ => throw new InvalidOperationException($"'{field.Kind}' is not compared."),
        };

    /// <summary>Whether the block is here, or a copy of it elsewhere is known.</summary>
    private static bool IsKnown(StoredEntry entry) => entry.Kind != BlockKind.Unknown;

    private static bool HasRows(StoredEntry entry) => entry.Kind is BlockKind.Batch or BlockKind.Dataset;

    /// <summary>Goes down a path: keys of maps, and places in lists in decimal digits without leading zeros.</summary>
    private static IpldNode? At(IpldNode? node, string[] path)
    {
        foreach (string part in path)
        {
            if (node is null) return null;
            if (node.Kind != IpldKind.List) node = node[part];
            else
            {
                bool isPlace = int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int place)
                    && (part[0] != '0' || part.Length == 1);
                node = isPlace && place < node.Count ? node.Items[place] : null;
            }
        }

        return node;
    }

    /// <summary>An end is a moment, and the time that is left until then.</summary>
    private static bool HoldsOfEnd(FilterOperator op, FilterValue value, long end, long now) =>
        value is FilterSpanValue ? value.HoldsOfSpan(op, end - now) : value.HoldsOfTime(op, end);

    private static bool HoldsOfOne(FilterOperator op, FilterValue value, IReadOnlyList<Cid> cids)
    {
        for (int i = 0; i < cids.Count; i++)
        {
            if (value.Holds(op, cids[i])) return true;
        }

        return false;
    }

    private static bool HoldsOfOne(FilterOperator op, FilterValue value, IReadOnlyList<string> texts)
    {
        for (int i = 0; i < texts.Count; i++)
        {
            if (value.Holds(op, texts[i])) return true;
        }

        return false;
    }
}
