using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// What paths say of datasets and column manifests beyond their nodes: <c>batches/3/columns</c> is the list of columns
/// of a batch, and <c>columns/px</c> the column of that name. A dataset whose batches are in pages has them at the same
/// paths.
/// </summary>
internal static class ColumnPath
{
    private const string Batches = "batches", Columns = "columns", Pages = "pages";

    /// <summary>Whether a path begins with the columns of a batch.</summary>
    public static bool IsColumns(string path) =>
        path == Columns || path.StartsWith(Columns + "/", StringComparison.Ordinal);

    /// <summary>The batch of a dataset in which a path goes on.</summary>
    /// <returns>The batch, and the rest of the path; null where the path does not lead to columns.</returns>
    public static (Cid Batch, string Below)? BatchOf(IpldNode node, string path)
    {
        if (ManifestNode.KindOf(node) is not (Dataset.Kind or Dataset.PageKind)) return null;
        string[] segments = path.Split('/', 3, StringSplitOptions.RemoveEmptyEntries);
        if (segments is not [Batches, var number, var rest] || !IsColumns(rest)) return null;
        IpldNode? batch = node.TryGet($"{Batches}/{number}");
        if (batch?.Kind != IpldKind.Map) return null;
        return batch["cid"] switch
        {
            { Kind: IpldKind.Link } link => (link.AsLink(), rest),
            { Kind: IpldKind.Bytes } bytes when Cid.TryFromBytes(bytes.AsBytes().Span, out Cid cid, out _) =>
                (cid, rest),
            _ => null,
        };
    }

    /// <summary>The path in the node: a column's name becomes its position, and a batch's position the one in its
    /// page.</summary>
    public static string Rewrite(IpldNode node, string path)
    {
        string? kind = path.Length == 0 ? null : ManifestNode.KindOf(node);
        if (kind == Dataset.Kind && path.StartsWith(Batches + "/", StringComparison.Ordinal)) return InPage(node, path);
        return kind == ColumnManifest.Kind && path.StartsWith(Columns + "/", StringComparison.Ordinal)
            ? AtColumn(node, path)
            : path;
    }

    private static string InPage(IpldNode dataset, string path)
    {
        if (dataset[Pages] is null) return path;
        string rest = path[(Batches.Length + 1)..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        (string number, string below) = slash < 0 ? (rest, "") : (rest[..slash], rest[slash..]);
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int batch)) return path;
        return string.Create(CultureInfo.InvariantCulture,
            $"{Pages}/{batch / Dataset.MaxBatches}/{Batches}/{batch % Dataset.MaxBatches}{below}");
    }

    /// <summary>Names may have slashes: the longest that fits counts, and of several of one name the first.</summary>
    private static string AtColumn(IpldNode manifest, string path)
    {
        if (manifest[Columns] is not { Kind: IpldKind.List } columns) return path;
        string rest = path[(Columns.Length + 1)..];
        (int Position, int Length) found = (-1, -1);
        for (int i = 0; i < columns.Count; i++)
        {
            if (columns.Items[i]["name"] is not { Kind: IpldKind.Text } text) continue;
            string name = text.AsText();
            bool fits = name.Length > found.Length && rest.StartsWith(name, StringComparison.Ordinal) &&
                (rest.Length == name.Length || rest[name.Length] == '/');
            if (fits) found = (i, name.Length);
        }

        return found.Position < 0
            ? path
            : string.Create(CultureInfo.InvariantCulture, $"{Columns}/{found.Position}{rest[found.Length..]}");
    }
}
