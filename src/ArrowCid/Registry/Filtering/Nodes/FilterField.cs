using System.Text;

namespace ArrowCid.Registry;

/// <summary>A field as a filter names it.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Parts">Of a tag its key, of JSON the path; else empty.</param>
internal sealed record FilterField(FilterFieldKind Kind, params string[] Parts)
{
    /// <summary>The words that <c>kind</c> is compared with, in the order of <see cref="BlockKind"/>.</summary>
    public static readonly string[] Kinds = ["batch", "schema", "raw", "view", "dataset", "manifest", "node"];

    /// <summary>The fields' names, in the order of <see cref="FilterFieldKind"/>.</summary>
    public static readonly string[] Names =
    [
        "cid", "schema", "rows", "bytes", "kind", "created", "age", "producer", "parent", "name", "pinned", "expires",
        "place", "signer", "tag", "json",
    ];

    public FilterType Type => Kind switch
    {
        FilterFieldKind.Cid or FilterFieldKind.Schema or FilterFieldKind.Parent => FilterType.Cid,
        FilterFieldKind.Rows => FilterType.Count,
        FilterFieldKind.Bytes => FilterType.Size,
        FilterFieldKind.Kind => FilterType.Kind,
        FilterFieldKind.Created => FilterType.Time,
        FilterFieldKind.Age => FilterType.Span,
        FilterFieldKind.Expires => FilterType.TimeOrSpan,
        FilterFieldKind.Pinned => FilterType.Flag,
        FilterFieldKind.Tag => FilterType.Tag,
        FilterFieldKind.Json => FilterType.Json,
        _ => FilterType.Text,
    };

    public bool HasParts => Kind is FilterFieldKind.Tag or FilterFieldKind.Json;

    /// <summary>Whether a part of a field can stand without quotes.</summary>
    public static bool IsBare(ReadOnlySpan<char> part)
    {
        if (part.IsEmpty) return false;
        foreach (char c in part)
        {
            if (!FilterText.IsOfWord(c) || c is '*' or '?' or '.' || char.IsSurrogate(c)) return false;
        }

        return true;
    }

    public void Print(StringBuilder to)
    {
        to.Append(Names[(int)Kind]);
        foreach (string part in Parts)
        {
            to.Append('.');
            bool isBare = Kind == FilterFieldKind.Tag ? part.Split('.').All(each => IsBare(each)) : IsBare(part);
            if (isBare) to.Append(part);
            else FilterText.Quote(part, to);
        }
    }
}
