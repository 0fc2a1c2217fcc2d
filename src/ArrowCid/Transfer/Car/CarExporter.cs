using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Signing;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Transfer;

/// <summary>
/// Writes blocks of a place and all beneath them as a CAR: roots first, each block before those that it links to, each
/// once. The same blocks give the same bytes.
/// </summary>
internal sealed class CarExporter(Func<Cid, BlockLease> find, Func<Cid, BlockLease> open, CarExportOptions options,
    Operation operation, IReadOnlyList<SignedStatement> statements)
{
    private readonly Dictionary<Cid, Form> _forms = [];
    private readonly Dictionary<Cid, DatasetDirectory> _directories = [];
    private readonly HashSet<Cid> _written = [];
    private readonly ReadAhead<BlockLease> _proofs = new(open);
    private CarWriter _writer = null!;
    private long _blocks, _bytes, _largest;

    /// <summary>Writes a CAR.</summary>
    /// <param name="find">A block; it throws where it is not there.</param>
    /// <param name="open">As <paramref name="find"/>, with the bytes just proved: what is written comes from
    /// here.</param>
    /// <param name="cids">What it is to hold: batches, other raw blocks, datasets and other nodes.</param>
    /// <param name="output">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="operation">The call that it is written for: gets the bytes of blocks.</param>
    /// <param name="statements">Signed statements that go along.</param>
    public static CarExport Write(Func<Cid, BlockLease> find, Func<Cid, BlockLease> open, IReadOnlyList<Cid> cids,
        Stream output, CarExportOptions? options, Operation operation,
        IReadOnlyList<SignedStatement>? statements = null)
    {
        ArgumentNullException.ThrowIfNull(cids);
        ArgumentNullException.ThrowIfNull(output);
        options ??= new CarExportOptions();
        if (options.Version is not (1 or 2))
            throw new ArgumentException($"There is no CAR version {options.Version}.", nameof(options));
        var exporter = new CarExporter(Checked(find), Checked(open), options, operation, statements ?? []);
        if (options.PieceSize is not { } size) return exporter.Write(cids, output);
        PieceCommitment.RequireSize(size);
        if (options.Version == 2)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                "the piece commitment is computed while the CAR is written, and the header of version 2 is written " +
                "last; take version 1, or compute it from the finished file");
        }

        var hasher = new PieceHasher();
        CarExport made = exporter.Write(cids, new PieceStream(output, hasher));
        return made with { Piece = PieceCommitment.Of(hasher, size) };

        // The layout is found from blocks before any is written.
        Func<Cid, BlockLease> Checked(Func<Cid, BlockLease> get) => cid =>
        {
            operation.Check();
            return get(cid);
        };
    }

    private CarExport Write(IReadOnlyList<Cid> cids, Stream output)
    {
        Cid[] all = [.. cids.Distinct()];
        List<Cid> roots = RootsOf(all);
        byte[]? names = options.Names is { Count: > 0 } ? NameList.Encode(options.Names) : null;
        Cid list = names is null ? default : Cid.Sha256(Multicodec.DagCbor, names);
        byte[]? signed = statements.Count == 0 ? null
            : StatementList.Encode(statements.Select(each => (each.Cid, each.SignatureCid)));
        Cid signedList = signed is null ? default : Cid.Sha256(Multicodec.DagCbor, signed);
        Cid[] lists = [.. names is null ? [] : (Cid[])[list], .. signed is null ? [] : (Cid[])[signedList]];
        _writer = new CarWriter(output, [.. roots, .. lists], options.Version);
        long start = options.Version == 2 ? CarFormat.Version2Length : 0;
        try
        {
            for (int i = 0; i < all.Length; i++) WriteBlock(all.AsMemory(i));
            // A dataset links to UnixFS files; other forms of its batches are listed themselves.
            Cid[] others = [.. _forms.Where(each => each.Value.IsRootToo).Select(each => each.Key)];
            for (int i = 0; i < others.Length; i++) WriteForm(others[i], _forms[others[i]], others.Skip(i + 1));
            if (names is not null) Once(list, names);
            if (signed is not null) Once(signedList, signed);
            foreach (SignedStatement one in statements)
            {
                Once(one.Cid, one.Block.Span);
                Once(one.SignatureCid, one.Signature.Span);
            }
        }
        finally
        {
            foreach (BlockLease block in _proofs.End()) block.Dispose();
        }

        operation.Finish();
        long data = _writer.Length;
        long index = _writer.Finish();
        return new CarExport
        {
            Roots = roots,
            Blocks = _blocks,
            ByteLength = start + data + index,
            LargestBlock = _largest,
        };
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
        if (options.Layout == CarLayout.Directory && ReadDataset(cid) is { } listed)
        {
            DatasetDirectory directory = DirectoryOf(cid, listed);
            _directories[cid] = directory;
            roots.Add(directory.Root);
            return;
        }

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
        var forms = new ReadAhead<Form?>(cid => MakeForm(cid, isLinked));
        try
        {
            for (int i = 0; i < cids.Length; i++)
            {
                if (_forms.ContainsKey(cids[i]) || forms.Take(cids[i]) is not { } form) continue;
                _forms.Add(cids[i], form);
                foreach (Cid next in cids.AsSpan(i + 1)[..Math.Min(cids.Length - i - 1, ReadAhead<Form>.Most)])
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
        // A small block that is given is a manifest, and itself where a manifest links to it.
        if (_forms.TryGetValue(cid, out Form? known)) return isLinked && known.IsSmall ? null : known;
        if (options.Layout == CarLayout.Flat || MakeForm(cid, isLinked) is not { } form) return null;
        _forms.Add(cid, form);
        return form;
    }

    private Form? MakeForm(Cid cid, bool isLinked)
    {
        using BlockLease block = find(cid);
        // What a manifest links to stays one block.
        bool isSmall = block.Bytes.Length <= Dataset.MaxLinked;
        if (isSmall && (isLinked || options.Layout != CarLayout.Columns)) return null;
        Cid schema = options.Layout == CarLayout.Columns ? block.FindSchema() : default;
        if (isSmall && schema.IsDefault) return null;
        try
        {
            return MakeForm(block, cid, schema) with { IsSmall = isSmall };
        }
        catch (InvalidArrowException)
        {
            // Only damage has no ranges, and the proof says so.
            open(cid).Dispose();
            throw;
        }
    }

    private static Form MakeForm(BlockLease block, Cid cid, Cid schema)
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

    private void WriteBlock(ReadOnlyMemory<Cid> rootAndFollowing)
    {
        var open = new Stack<(Cid Cid, bool IsLinked)>();
        open.Push((rootAndFollowing.Span[0], false));
        // Only as many are looked at as are begun.
        int count = Math.Min(rootAndFollowing.Length - 1, ReadAhead<BlockLease>.Most);
        Cid[] following = rootAndFollowing.Slice(1, count).ToArray();
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
        Put(cid, block.Bytes.Span);
    }

    /// <summary>A block with its bytes just proved; the next ones are proved meanwhile, while this one is
    /// written.</summary>
    private BlockLease Proved(Cid cid, IEnumerable<Cid> next)
    {
        const int leastWorthIt = 1 << 16;
        BlockLease block = _proofs.Take(cid);
        if (block.Bytes.Length < leastWorthIt) return block;
        foreach (Cid following in next.Take(ReadAhead<BlockLease>.Most))
        {
            if (following.Codec == Multicodec.Raw && following != cid && !IsWritten(following))
                _proofs.Begin(following);
        }

        return block;
    }

    private bool IsWritten(Cid cid) =>
        _written.Contains(_forms.TryGetValue(cid, out Form? form) ? form.Root : cid);

    private DatasetDirectory DirectoryOf(Cid cid, Dataset dataset)
    {
        using BlockLease schema = find(dataset.Schema);
        var directory = DatasetDirectory.Of(dataset, schema.Bytes.Length);
        return directory.Manifest == cid ? directory : throw new ArrowCidException(ErrorCode.NotCanonical,
            $"the dataset {cid} is not encoded as MANIFESTS.md says; take another layout");
    }

    /// <summary>Writes a directory with its manifest, and lays the batches by.</summary>
    private void WriteDirectory(DatasetDirectory directory, Stack<(Cid Cid, bool IsLinked)> next)
    {
        foreach ((Cid cid, byte[] block) in directory.Blocks) Once(cid, block);
        foreach (DatasetBatch batch in directory.Dataset.Batches.Reverse()) next.Push((batch.Cid, true));
        next.Push((directory.Dataset.Schema, true));
    }

    /// <summary>Writes a node, and lays its links by, the first one on top.</summary>
    private void WriteNode(Cid cid, Stack<(Cid Cid, bool IsLinked)> next)
    {
        if (_directories.TryGetValue(cid, out DatasetDirectory? directory))
        {
            WriteDirectory(directory, next);
            return;
        }

        var links = new List<IpldLink>();
        using (BlockLease node = open(cid.ToV1()))
        {
            if (cid.Codec == Multicodec.DagCbor && TryWriteManifest(cid, node)) return;
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

    /// <summary>Writes a column manifest with its pieces, where its batch is here that they are ranges of.</summary>
    private bool TryWriteManifest(Cid cid, BlockLease node)
    {
        if (ColumnManifest.TryDecode(node.Bytes.Span) is not { } manifest || !MayHave(manifest.Cid)) return false;
        _ = _written.Remove(cid.ToV1());
        WriteForm(manifest.Cid, new Form(cid, manifest, node.Bytes.ToArray(), null), []);
        return true;
    }

    private bool MayHave(Cid cid)
    {
        try
        {
            find(cid).Dispose();
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockNotFound)
        {
            return false;
        }
    }

    private void WriteForm(Cid cid, Form form, IEnumerable<Cid> next)
    {
        if (_written.Contains(form.Root)) return;
        using BlockLease block = Proved(cid, next);
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
        operation.Reach(_bytes);
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
        return DagCbor.Decode(block.Bytes.Span, IpldReadOptions.Lenient);
    }

    /// <summary>A raw block as a DAG.</summary>
    private sealed record Form(Cid Root, ColumnManifest? Manifest, byte[]? Node, UnixFsDag? Dag)
    {
        /// <summary>Whether the block is one block where a manifest links to it.</summary>
        public bool IsSmall { get; init; }

        public bool IsRootToo { get; set; }
    }
}
