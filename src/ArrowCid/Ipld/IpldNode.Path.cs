using System.Globalization;

namespace ArrowCid.Ipld;

public sealed partial class IpldNode
{
    /// <summary>
    /// Goes down from this node: segments between '/' are keys of maps, or places in lists in decimal digits without
    /// leading zeros. Empty segments do not count, so a slash at either end, or two, change nothing; a key that is
    /// empty or has a slash in it cannot be reached.
    /// </summary>
    /// <param name="path">For instance <c>batches/0/cid</c>; the empty path is this node.</param>
    /// <returns>The node, or null where there is none in this block.</returns>
    public IpldNode? TryGet(ReadOnlySpan<char> path)
    {
        IpldNode? found = TryGet(path, out ReadOnlySpan<char> rest);
        return rest.IsEmpty ? found : null;
    }

    /// <summary>Goes down from this node as far as the block goes (<see cref="TryGet(ReadOnlySpan{char})"/>).</summary>
    /// <param name="path">The path.</param>
    /// <param name="rest">What is left of the path behind a link: it goes on in the block that the link names. Empty
    /// where the path ends in this block.</param>
    /// <returns>The node where the path ends, or the link where it leaves this block; null where a segment has
    /// nothing.</returns>
    public IpldNode? TryGet(ReadOnlySpan<char> path, out ReadOnlySpan<char> rest)
    {
        IpldNode? node = this;
        rest = path.Trim('/');
        while (node is not null && !rest.IsEmpty && node.Kind != IpldKind.Link)
        {
            int slash = rest.IndexOf('/');
            node = node.Child(slash < 0 ? rest : rest[..slash]);
            rest = slash < 0 ? default : rest[slash..].TrimStart('/');
        }

        if (node is null) rest = default;
        return node;
    }

    private IpldNode? Child(ReadOnlySpan<char> segment)
    {
        if (Kind == IpldKind.Map) return Find(segment);
        if (Kind != IpldKind.List || (segment[0] == '0' && segment.Length > 1)) return null;
        bool isPlace = int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out int place);
        return isPlace && place < Count ? ItemArray[place] : null;
    }

    private IpldNode? Find(ReadOnlySpan<char> key)
    {
        KeyValuePair<string, IpldNode>[] entries = EntryArray;
        int from = 0, to = entries.Length - 1;
        while (from <= to)
        {
            int middle = (int)(((uint)from + (uint)to) / 2);
            int order = IpldText.CompareKeys(entries[middle].Key, key);
            if (order == 0) return entries[middle].Value;
            if (order < 0) from = middle + 1;
            else to = middle - 1;
        }

        return null;
    }
}
