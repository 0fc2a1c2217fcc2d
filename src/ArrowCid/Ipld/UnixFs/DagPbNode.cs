using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace ArrowCid.Ipld;

/// <summary>A dag-pb block: links, and bytes that may be absent. Immutable; equality is structural.</summary>
public sealed class DagPbNode : IEquatable<DagPbNode>
{
    private const string Format = "dag-pb", DataKey = "Data", LinksKey = "Links", HashKey = "Hash", NameKey = "Name",
        TotalSizeKey = "Tsize";

    /// <summary>Makes a node.</summary>
    /// <param name="links">The links, in any order; <see cref="DagPb.Encode"/> writes them sorted by name, those of one
    /// name in this order.</param>
    /// <param name="data">The bytes, which the node takes over, or null where the field is absent.</param>
    /// <exception cref="ArgumentException">A link without CID, or a name that has no UTF-8 form.</exception>
    public DagPbNode(ImmutableArray<DagPbLink> links, byte[]? data = null)
        : this(data is null ? default(ReadOnlyMemory<byte>?) : data, links)
    {
    }

    private DagPbNode(ReadOnlyMemory<byte>? data, ImmutableArray<DagPbLink> links)
    {
        Links = links.IsDefault ? [] : links;
        Data = data;
        foreach (DagPbLink link in Links)
        {
            if (link.Hash.IsDefault) throw new ArgumentException("A link has no CID.", nameof(links));
            if (IpldText.IsWellFormed(link.Name)) continue;
            throw new ArgumentException("A link's name has a surrogate that stands alone.", nameof(links));
        }
    }

    /// <summary>The links: as they stand in the block that was read, or as they were given.</summary>
    public ImmutableArray<DagPbLink> Links { get; }

    /// <summary>The bytes, for instance a <see cref="UnixFsNode"/>; null where the field is absent. The node's own
    /// memory, valid as long as it is referenced.</summary>
    public ReadOnlyMemory<byte>? Data { get; }

    /// <summary>Makes a node of its form in the data model (<see cref="ToIpld"/>).</summary>
    /// <param name="node">A map of <c>Links</c> and maybe <c>Data</c>.</param>
    /// <returns>The node.</returns>
    /// <exception cref="InvalidIpldException">The node has another form, or its links are not sorted.</exception>
    public static DagPbNode FromIpld(IpldNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        Require(node.Kind == IpldKind.Map, "the node is not a map");
        IpldNode? links = node[LinksKey], data = node[DataKey];
        Require(links?.Kind == IpldKind.List, "Links is not a list");
        Require(data is null || data.Kind == IpldKind.Bytes, "Data is not bytes");
        Require(node.Count == (data is null ? 1 : 2), "the node has other keys than Data and Links");
        var made = new DagPbNode(data?.AsBytes(), [.. links.Items.Select(LinkFromIpld)]);
        Require(DagPb.AreSorted(made.Links.AsSpan()), DagPb.UnsortedLinks);
        return made;
    }

    /// <summary>The form in the data model, through which paths go: <c>Links/0/Hash</c>.</summary>
    /// <returns>A map of <c>Data</c>, where it is present, and <c>Links</c>, whose items are maps of <c>Hash</c>,
    /// <c>Name</c> and <c>Tsize</c>.</returns>
    public IpldNode ToIpld()
    {
        var links = new IpldNode[Links.Length];
        for (int i = 0; i < links.Length; i++) links[i] = LinkToIpld(Links[i]);
        return Data is { } data
            ? IpldNode.Map((DataKey, IpldNode.Bytes(data.Span)), (LinksKey, IpldNode.OfList(links)))
            : IpldNode.Map((LinksKey, IpldNode.OfList(links)));
    }

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] DagPbNode? other) => other is not null
        && Data.HasValue == other.Data.HasValue
        && Data.GetValueOrDefault().Span.SequenceEqual(other.Data.GetValueOrDefault().Span)
        && Links.AsSpan().SequenceEqual(other.Links.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as DagPbNode);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Data.HasValue);
        hash.AddBytes(Data.GetValueOrDefault().Span);
        foreach (DagPbLink link in Links) hash.Add(link);
        return hash.ToHashCode();
    }

    /// <summary>For people: the form in the data model.</summary>
    /// <returns>See <see cref="IpldNode.ToString"/>.</returns>
    public override string ToString() => ToIpld().ToString();

    private static IpldNode LinkToIpld(DagPbLink link)
    {
        var entries = new List<(string, IpldNode)>(3) { (HashKey, IpldNode.Link(link.Hash)) };
        if (link.Name is { } name) entries.Add((NameKey, IpldNode.Text(name)));
        if (link.TotalSize is { } size) entries.Add((TotalSizeKey, IpldNode.Integer(size)));
        return IpldNode.Map([.. entries]);
    }

    private static DagPbLink LinkFromIpld(IpldNode node)
    {
        Require(node.Kind == IpldKind.Map, "a link is not a map");
        IpldNode? hash = node[HashKey], name = node[NameKey], size = node[TotalSizeKey];
        Require(hash?.Kind == IpldKind.Link, "a link's Hash is no CID");
        Require(name is null || name.Kind == IpldKind.Text, "a link's Name is not text");
        Require(size is null || (size.Kind == IpldKind.Integer && size.AsInteger() >= 0),
            "a link's Tsize is no integer from 0");
        Require(node.Count == 1 + (name is null ? 0 : 1) + (size is null ? 0 : 1),
            "a link has other keys than Hash, Name and Tsize");
        return new DagPbLink
        {
            Hash = hash.AsLink(),
            Name = name?.AsText(),
            TotalSize = size is null ? null : (ulong)size.AsInteger(),
        };
    }

    private static void Require([DoesNotReturnIf(false)] bool holds, string rule)
    {
        if (!holds) throw new InvalidIpldException(Format, rule);
    }
}
