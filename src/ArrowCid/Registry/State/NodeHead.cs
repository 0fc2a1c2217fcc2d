using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>What the first members of a node of IPLD say: which kind of block it is, and of a dataset its schema, rows
/// and bytes. Only the form of these members is checked, and no hash.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Schema">Of a dataset the CID of its schema.</param>
/// <param name="Rows">Of a dataset the rows of all batches.</param>
/// <param name="DataByteLength">Of a dataset the bytes of all batches.</param>
/// <param name="BatchCount">Of a dataset the number of its batches, unless they are in pages.</param>
/// <param name="Pages">The pages of a dataset that has pages.</param>
internal readonly record struct NodeHead(BlockKind Kind, Cid? Schema = null, long Rows = 0, long DataByteLength = 0,
    long BatchCount = 0, IReadOnlyList<Cid>? Pages = null)
{
    private static readonly NodeHead s_other = new(BlockKind.Node);

    /// <summary>Whether blocks of a codec are nodes of IPLD.</summary>
    public static bool IsNode(ulong codec) =>
        codec is Multicodec.DagCbor or Multicodec.DagPb or Multicodec.DagJson;

    /// <summary>Reads a node as far as its kind needs.</summary>
    /// <param name="codec">Its codec.</param>
    /// <param name="bytes">Its block.</param>
    public static NodeHead Read(ulong codec, ReadOnlySpan<byte> bytes)
    {
        if (codec != Multicodec.DagCbor) return s_other;
        try
        {
            var reader = new DagCborReader(bytes);
            if (reader.PeekKind() != IpldKind.Map) return s_other;
            return Read(ref reader) ?? s_other;
        }
        catch (InvalidIpldException)
        {
            return s_other;
        }
    }

    /// <summary>The number of batches in a page of a dataset; null where the block is no page.</summary>
    public static long? BatchesOfPage(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new DagCborReader(bytes);
            if (reader.PeekKind() != IpldKind.Map) return null;
            DagCborMap map = reader.BeginMap();
            bool isPage = false;
            while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
            {
                if (key.SequenceEqual("kind"u8)) isPage = reader.ReadText() == Dataset.PageKind;
                else if (isPage && key.SequenceEqual("batches"u8)) return reader.BeginList();
                else reader.Skip(1);
            }
        }
        catch (InvalidIpldException)
        {
            // A block that breaks the rules is no page.
        }

        return null;
    }

    /// <summary>The keys of a map are sorted, shorter ones first: a dataset's own metadata comes before its list
    /// of batches, so that the list is not read.</summary>
    private static NodeHead? Read(ref DagCborReader reader)
    {
        var head = s_other;
        bool hasVersion = false, hasRows = false, hasBytes = false;
        DagCborMap map = reader.BeginMap();
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            if (key.SequenceEqual("v"u8)) hasVersion = reader.ReadUInt64() == 1;
            else if (key.SequenceEqual("kind"u8))
            {
                if (!hasVersion || reader.PeekKind() != IpldKind.Text) return null;
                head = new NodeHead(reader.ReadText() switch
                {
                    Dataset.Kind => BlockKind.Dataset,
                    ColumnManifest.Kind => BlockKind.Manifest,
                    _ => BlockKind.Node,
                });
                if (head.Kind != BlockKind.Dataset) return head;
            }
            else if (head.Kind != BlockKind.Dataset) reader.Skip(1);
            else if (key.SequenceEqual("rows"u8)) (head, hasRows) = (head with { Rows = reader.ReadInt64() }, true);
            else if (key.SequenceEqual("bytes"u8))
                (head, hasBytes) = (head with { DataByteLength = reader.ReadInt64() }, true);
            else if (key.SequenceEqual("pages"u8))
            {
                var pages = new Cid[reader.BeginList()];
                for (int i = 0; i < pages.Length; i++) pages[i] = reader.ReadLink();
                head = head with { Pages = pages };
            }
            else if (key.SequenceEqual("schema"u8)) head = head with { Schema = reader.ReadLink() };
            else if (key.SequenceEqual("batches"u8))
            {
                head = head with { BatchCount = reader.BeginList() };
                break;
            }
            else reader.Skip(1);
        }

        bool hasBatches = head.BatchCount > 0 || head.Pages is not null;
        bool isWhole = hasRows && hasBytes && hasBatches && head.Schema is not null;
        return isWhole && head is { Rows: >= 0, DataByteLength: >= 0 } ? head : null;
    }
}
