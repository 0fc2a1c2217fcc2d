using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Storage;

namespace ArrowCid.Exchange;

/// <summary>
/// Writes blocks of a store and all beneath them as a CAR: roots first, each block before those that it links to, each
/// once. The same blocks give the same bytes.
/// </summary>
/// <param name="find">A lease on a block; it throws where it is not here.</param>
/// <param name="open">As <paramref name="find"/>, with the bytes just proved: what is written comes from here.</param>
/// <param name="options">How.</param>
internal sealed class CarExporter(Func<Cid, BlockLease> find, Func<Cid, BlockLease> open, CarExportOptions options)
{
    private readonly Dictionary<Cid, Form> _forms = [];
    private readonly HashSet<Cid> _written = [];
    private readonly MadeAhead<BlockLease> _proofs = new(open);
    private CarWriter _writer = null!;
    private long _blocks, _bytes, _largest;

    /// <summary>Writes the CAR.</summary>
    /// <param name="cids">What it is to hold: batches, other raw blocks, datasets and other nodes.</param>
    /// <param name="output">Where to.</param>
    public CarExport Write(IReadOnlyList<Cid> cids, Stream output)
    {
        Cid[] all = [.. cids.Distinct()];
        List<Cid> roots = RootsOf(all);
        _writer = new CarWriter(output, roots, options.Version);
        long start = options.Version == 2 ? CarFormat.Version2Length : 0;
        try
        {
            for (int i = 0; i < all.Length; i++) WriteBlock(all.AsMemory(i));
            // A dataset links to UnixFS files; other forms of its batches stand for themselves.
            Cid[] others = [.. _forms.Where(each => each.Value.IsRootToo).Select(each => each.Key)];
            for (int i = 0; i < others.Length; i++) WriteForm(others[i], _forms[others[i]], others.Skip(i + 1));
        }
        finally
        {
            foreach (BlockLease block in _proofs.End()) block.Dispose();
        }

        long data = _writer.Length;
        long index = _writer.Finish();
        return new CarExport(roots, _blocks, start + data + index, _largest);
    }

    private List<Cid> RootsOf(Cid[] cids)
    {
        var roots = new List<Cid>();
        // What a raw block is here follows from all of its bytes, so that the next ones are looked at meanwhile.
        KnowForms([.. cids.Where(cid => cid.Codec == Multicodec.Raw)], isLinked: false);
        foreach (Cid cid in cids)
        {
            if (cid.Codec == Multicodec.Raw) roots.Add(FormOf(cid, isLinked: false)?.Root ?? cid);
            else AddRoots(cid, roots);
        }

        return roots;
    }

    private void AddRoots(Cid cid, List<Cid> roots)
    {
        roots.Add(cid);
        if (options.Layout != CarLayout.Columns || ReadDataset(cid) is not { } dataset) return;
        Cid[] batches = [.. dataset.Batches.Where(each => !each.Dag.IsDefault).Select(each => each.Cid).Distinct()];
        KnowForms(batches, isLinked: true);
        foreach (Cid batch in batches)
        {
            Form form = FormOf(batch, isLinked: true)!;
            if (form.IsRootToo) continue;
            form.IsRootToo = true;
            roots.Add(form.Root);
        }
    }

    private void KnowForms(Cid[] cids, bool isLinked)
    {
        if (options.Layout == CarLayout.Flat) return;
        var forms = new MadeAhead<Form?>(cid => MakeForm(cid, isLinked));
        try
        {
            for (int i = 0; i < cids.Length; i++)
            {
                if (_forms.ContainsKey(cids[i]) || forms.Take(cids[i]) is not { } form) continue;
                _forms.Add(cids[i], form);
                foreach (Cid next in cids.AsSpan(i + 1)[..Math.Min(cids.Length - i - 1, MadeAhead<Form>.Most)])
                {
                    if (!_forms.ContainsKey(next)) forms.Begin(next);
                }
            }
        }
        finally
        {
            _ = forms.End();
        }
    }

    /// <summary>What a raw block is in this layout; null where it is itself.</summary>
    private Form? FormOf(Cid cid, bool isLinked)
    {
        if (_forms.TryGetValue(cid, out Form? known)) return known;
        if (options.Layout == CarLayout.Flat || MakeForm(cid, isLinked) is not { } form) return null;
        _forms.Add(cid, form);
        return form;
    }

    private Form? MakeForm(Cid cid, bool isLinked)
    {
        using BlockLease block = find(cid);
        BlockInfo info = block.Info;
        bool isBatch = info.Kind == RecordKind.Batch;
        // What a manifest links to stays one block.
        bool isSmall = info.Length <= Dataset.MaxLinked;
        if (isSmall && (isLinked || options.Layout == CarLayout.UnixFs || !isBatch)) return null;
        try
        {
            return MakeForm(block, cid, options.Layout == CarLayout.Columns && isBatch);
        }
        catch (InvalidArrowException)
        {
            // Only damage has no ranges, and the proof says so.
            open(cid).Dispose();
            throw;
        }
    }

    private static Form MakeForm(BlockLease block, Cid cid, bool isColumns)
    {
        if (!isColumns)
        {
            var dag = UnixFsDag.Of(block.Memory.Span, UnixFsProfile.V1Of2025);
            return new Form(dag.Root, null, null, dag);
        }

        var manifest =
            ColumnManifest.Of(block.Memory, cid, Cid.FromSha256(Multicodec.Raw, block.Info.SchemaDigest));
        byte[] node = manifest.Encode();
        return new Form(Cid.Sha256(Multicodec.DagCbor, node), manifest, node, null);
    }

    private void WriteBlock(ReadOnlyMemory<Cid> rootAndFollowing)
    {
        var open = new Stack<(Cid Cid, bool IsLinked)>();
        open.Push((rootAndFollowing.Span[0], false));
        // Only as many are looked at as are begun.
        ReadOnlySpan<Cid> behind = rootAndFollowing.Span[1..];
        Cid[] following = [.. behind[..Math.Min(behind.Length, MadeAhead<BlockLease>.Most)]];
        while (open.TryPop(out (Cid Cid, bool IsLinked) next))
        {
            if (next.Cid.Codec == Multicodec.Raw)
                WriteRaw(next.Cid, next.IsLinked, open.Select(each => each.Cid).Concat(following));
            else if (_written.Add(next.Cid.ToV1())) WriteNode(next.Cid, open);
        }
    }

    private void WriteRaw(Cid cid, bool isLinked, IEnumerable<Cid> next)
    {
        if (FormOf(cid, isLinked) is { } form)
        {
            WriteForm(cid, form, next);
            return;
        }

        if (!_written.Add(cid)) return;
        using BlockLease block = Proved(cid, next);
        Put(cid, block.Memory.Span);
    }

    /// <summary>A block with its bytes just proved; the next ones are proved meanwhile, while this one is
    /// written.</summary>
    private BlockLease Proved(Cid cid, IEnumerable<Cid> next)
    {
        const int leastWorthIt = 1 << 16;
        BlockLease block = _proofs.Take(cid);
        if (block.Info.Length < leastWorthIt) return block;
        foreach (Cid following in next.Take(MadeAhead<BlockLease>.Most))
        {
            if (following.Codec == Multicodec.Raw && following != cid && !IsWritten(following))
                _proofs.Begin(following);
        }

        return block;
    }

    private bool IsWritten(Cid cid) =>
        _written.Contains(_forms.TryGetValue(cid, out Form? form) ? form.Root : cid);

    /// <summary>Writes a node, and lays its links by, the first one on top.</summary>
    private void WriteNode(Cid cid, Stack<(Cid Cid, bool IsLinked)> next)
    {
        var links = new List<IpldLink>();
        using (BlockLease node = open(cid.ToV1()))
        {
            Put(cid, node.Memory.Span);
            IpldLinks.Collect(cid.Codec, node.Memory.Span, links);
        }

        for (int i = links.Count - 1; i >= 0; i--)
        {
            IpldLink link = links[i];
            if (link.Target.Hash.Code == Multicodec.Identity) continue;
            if (link.Block.IsDefault) next.Push((link.Target, true));
            else if (options.Layout != CarLayout.Columns) next.Push((link.Block, true));
        }
    }

    private void WriteForm(Cid cid, Form form, IEnumerable<Cid> next)
    {
        if (_written.Contains(form.Root)) return;
        using BlockLease block = Proved(cid, next);
        ReadOnlySpan<byte> bytes = block.Memory.Span;
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
        using BlockLease block = open(cid);
        return DagCbor.Decode(block.Memory.Span, IpldReadOptions.Lenient);
    }

    /// <summary>A raw block as a DAG.</summary>
    private sealed record Form(Cid Root, ColumnManifest? Manifest, byte[]? Node, UnixFsDag? Dag)
    {
        public bool IsRootToo { get; set; }
    }
}
