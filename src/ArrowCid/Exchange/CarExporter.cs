using ArrowCid.Exchange.Backends;
using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;

namespace ArrowCid.Exchange;

/// <summary>
/// Writes blocks of a place and all beneath them as a CAR: roots first, each block before those that it links to, each
/// once. The same blocks give the same bytes.
/// </summary>
internal sealed class CarExporter(Func<Cid, BackendBlock> find, Func<Cid, BackendBlock> open, CarExportOptions options)
{
    private readonly Dictionary<Cid, Form> _forms = [];
    private readonly HashSet<Cid> _written = [];
    private CarWriter _writer = null!;
    private long _blocks, _bytes, _largest;
    private Task<BackendBlock>? _ahead;
    private Cid _aheadCid;

    /// <summary>Writes a CAR.</summary>
    /// <param name="find">A block; it throws where it is not there.</param>
    /// <param name="open">As <paramref name="find"/>, with the bytes just proved: what is written comes from
    /// here.</param>
    /// <param name="cids">What it is to hold: batches, other raw blocks, datasets and other nodes.</param>
    /// <param name="output">Where to.</param>
    /// <param name="options">How.</param>
    public static CarExport Write(Func<Cid, BackendBlock> find, Func<Cid, BackendBlock> open, IReadOnlyList<Cid> cids,
        Stream output, CarExportOptions? options)
    {
        ArgumentNullException.ThrowIfNull(cids);
        ArgumentNullException.ThrowIfNull(output);
        options ??= new CarExportOptions();
        return options.Version is 1 or 2
            ? new CarExporter(find, open, options).Write(cids, output)
            : throw new ArgumentException($"There is no CAR version {options.Version}.", nameof(options));
    }

    private CarExport Write(IReadOnlyList<Cid> cids, Stream output)
    {
        var roots = new List<Cid>();
        foreach (Cid cid in cids.Distinct()) AddRoots(cid, roots);
        _writer = new CarWriter(output, roots, options.Version);
        long start = options.Version == 2 ? CarFormat.Version2Length : 0;
        try
        {
            Cid[] all = [.. cids.Distinct()];
            for (int i = 0; i < all.Length; i++) WriteBlock(all[i], i + 1 < all.Length ? all[i + 1] : default);
            // A dataset links to UnixFS files; other forms of its batches stand for themselves.
            foreach ((Cid cid, Form form) in _forms.Where(each => each.Value.IsRootToo))
                WriteForm(cid, form, default);
        }
        finally
        {
            EndAhead();
        }

        long data = _writer.Length;
        long index = _writer.Finish();
        return new CarExport(roots, _blocks, start + data + index, _largest);
    }

    private void AddRoots(Cid cid, List<Cid> roots)
    {
        if (cid.Codec == Multicodec.Raw)
        {
            roots.Add(FormOf(cid, isLinked: false)?.Root ?? cid);
            return;
        }

        roots.Add(cid);
        if (options.Layout != CarLayout.Columns || ReadDataset(cid) is not { } dataset) return;
        foreach (DatasetBatch batch in dataset.Batches.Where(each => !each.Dag.IsDefault).DistinctBy(each => each.Cid))
        {
            Form form = FormOf(batch.Cid, isLinked: true)!;
            if (form.IsRootToo) continue;
            form.IsRootToo = true;
            roots.Add(form.Root);
        }
    }

    /// <summary>What a raw block is in this layout; null where it is itself.</summary>
    private Form? FormOf(Cid cid, bool isLinked)
    {
        if (_forms.TryGetValue(cid, out Form? known)) return known;
        if (options.Layout == CarLayout.Flat) return null;
        using BackendBlock block = find(cid);
        // What a manifest links to stays one block.
        bool isSmall = block.Bytes.Length <= Dataset.MaxLinked;
        if (isSmall && (isLinked || options.Layout == CarLayout.UnixFs)) return null;
        Cid schema = options.Layout == CarLayout.Columns ? block.FindSchema() : default;
        if (isSmall && schema.IsDefault) return null;
        Form form;
        try
        {
            form = MakeForm(block, cid, schema);
        }
        catch (InvalidArrowException)
        {
            // Only damage has no ranges, and the proof says so.
            open(cid).Dispose();
            throw;
        }

        _forms.Add(cid, form);
        return form;
    }

    private static Form MakeForm(BackendBlock block, Cid cid, Cid schema)
    {
        if (schema.IsDefault)
        {
            var dag = UnixFsDag.Of(block.Bytes.Span, UnixFsProfile.V1Of2025);
            return new Form(dag.Root, null, null, dag);
        }

        var manifest = ColumnManifest.Of(block.Bytes, cid, schema);
        byte[] node = manifest.Encode();
        return new Form(Cid.Sha256(Multicodec.DagCbor, node), manifest, node, null);
    }

    private void WriteBlock(Cid root, Cid following)
    {
        var open = new Stack<(Cid Cid, bool IsLinked)>();
        open.Push((root, false));
        while (open.TryPop(out (Cid Cid, bool IsLinked) next))
        {
            Cid then = open.TryPeek(out (Cid Cid, bool IsLinked) below) ? below.Cid : following;
            if (next.Cid.Codec == Multicodec.Raw) WriteRaw(next.Cid, next.IsLinked, then);
            else if (_written.Add(next.Cid.ToV1())) WriteNode(next.Cid, open);
        }
    }

    private void WriteRaw(Cid cid, bool isLinked, Cid next)
    {
        if (FormOf(cid, isLinked) is { } form)
        {
            WriteForm(cid, form, next);
            return;
        }

        if (!_written.Add(cid)) return;
        using BackendBlock block = Proved(cid, next);
        Put(cid, block.Bytes.Span);
    }

    /// <summary>A block with its bytes just proved; the next one is proved meanwhile, while this one is
    /// written.</summary>
    private BackendBlock Proved(Cid cid, Cid next)
    {
        const int leastWorthIt = 1 << 16;
        BackendBlock block;
        if (_ahead is { } ahead && _aheadCid == cid)
        {
            _ahead = null;
            block = ahead.GetAwaiter().GetResult();
        }
        else
        {
            EndAhead();
            block = open(cid);
        }

        bool isWorthIt = block.Bytes.Length >= leastWorthIt && !next.IsDefault && next.Codec == Multicodec.Raw;
        if (isWorthIt && !_written.Contains(next)) (_aheadCid, _ahead) = (next, Task.Run(() => open(next)));
        return block;
    }

    /// <summary>Lets a block go that was proved ahead and is not written next.</summary>
    private void EndAhead()
    {
        if (_ahead is not { } ahead) return;
        _ahead = null;
        try
        {
            ahead.GetAwaiter().GetResult().Dispose();
        }
        catch (ArrowCidException)
        {
            // When its turn comes it is said.
        }
    }

    /// <summary>Writes a node, and lays its links by, the first one on top.</summary>
    private void WriteNode(Cid cid, Stack<(Cid Cid, bool IsLinked)> next)
    {
        var links = new List<IpldLink>();
        using (BackendBlock node = open(cid.ToV1()))
        {
            Put(cid, node.Bytes.Span);
            IpldLinks.Collect(cid.Codec, node.Bytes.Span, links);
        }

        for (int i = links.Count - 1; i >= 0; i--)
        {
            IpldLink link = links[i];
            if (link.Target.Hash.Code == Multicodec.Identity) continue;
            if (link.Block.IsDefault) next.Push((link.Target, true));
            else if (options.Layout != CarLayout.Columns) next.Push((link.Block, true));
        }
    }

    private void WriteForm(Cid cid, Form form, Cid next)
    {
        if (_written.Contains(form.Root)) return;
        using BackendBlock block = Proved(cid, next);
        ReadOnlySpan<byte> bytes = block.Bytes.Span;
        if (form.Manifest is { } manifest)
        {
            Once(form.Root, form.Node);
            int at = 0;
            foreach (ColumnPiece piece in manifest.Pieces)
            {
                Once(piece.Cid, bytes.Slice(at, piece.Length));
                at += piece.Length;
            }

            return;
        }

        foreach (UnixFsPart part in form.Dag!.Parts())
            Once(part.Cid, part.Node ?? bytes.Slice((int)part.Offset, part.Length));
    }

    private void Once(Cid cid, ReadOnlySpan<byte> bytes)
    {
        if (_written.Add(cid)) Put(cid, bytes);
    }

    private void Put(Cid cid, ReadOnlySpan<byte> bytes)
    {
        _writer.Add(cid, bytes);
        _blocks++;
        _bytes += bytes.Length;
        _largest = Math.Max(_largest, bytes.Length);
        options.Progress?.Invoke(_bytes);
    }

    private Dataset? ReadDataset(Cid cid)
    {
        if (cid.Codec != Multicodec.DagCbor) return null;
        IpldNode node = ReadNode(cid);
        return ManifestNode.KindOf(node) == Dataset.Kind ? Dataset.Decode(node, ReadNode) : null;
    }

    private IpldNode ReadNode(Cid cid)
    {
        using BackendBlock block = open(cid);
        return DagCbor.Decode(block.Bytes.Span, IpldReadOptions.Lenient);
    }

    /// <summary>A raw block as a DAG.</summary>
    private sealed record Form(Cid Root, ColumnManifest? Manifest, byte[]? Node, UnixFsDag? Dag)
    {
        public bool IsRootToo { get; set; }
    }
}
