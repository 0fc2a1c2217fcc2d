using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Transfer;

/// <summary>An archive with what it lacks: its own blocks, and after them those from elsewhere that its roots lead to
/// and that it does not have whole. What no place has is still missing or damaged.</summary>
internal sealed class CarCompletion
{
    private const int PieceBytes = 1 << 17;

    private readonly CarContents _contents;
    private readonly BlockBackend _from;
    private readonly CancellationToken _cancellationToken;
    private readonly CarWriter _writer;
    private readonly HashSet<Cid> _seen = [], _fetched = [];
    private readonly Stack<IpldLink> _open = new();

    private CarCompletion(CarContents contents, BlockBackend from, Stream target, CancellationToken cancellationToken)
    {
        (_contents, _from, _cancellationToken) = (contents, from, cancellationToken);
        _writer = new CarWriter(target, contents.Report.Roots, version: 1);
    }

    /// <summary>Writes it.</summary>
    /// <param name="contents">The archive.</param>
    /// <param name="from">Where blocks are asked for.</param>
    /// <param name="target">Where to.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException">As for <see cref="BlockBackend.TryGet"/>.</exception>
    public static void Write(CarContents contents, BlockBackend from, Stream target,
        CancellationToken cancellationToken)
    {
        var completion = new CarCompletion(contents, from, target, cancellationToken);
        completion.Copy();
        completion.Fetch();
        completion.CopyDamaged();
        _ = completion._writer.Finish();
    }

    private void Copy()
    {
        for (int i = 0; i < _contents.Blocks.Count; i++)
        {
            if (!_contents.IsDamaged(i)) Copy(_contents.Blocks[i]);
        }
    }

    private void CopyDamaged()
    {
        for (int i = 0; i < _contents.Blocks.Count; i++)
        {
            CarSection block = _contents.Blocks[i];
            if (_contents.IsDamaged(i) && !_fetched.Contains(block.Cid.ToV1())) Copy(block);
        }
    }

    private void Copy(CarSection block)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        byte[] piece = new byte[Math.Min(PieceBytes, block.Length)];
        _writer.Begin(block.Cid, block.Length);
        for (int at = 0; at < block.Length;)
        {
            int length = Math.Min(piece.Length, block.Length - at);
            _contents.ReadAt(block.BlockOffset + at, piece.AsSpan(0, length));
            _writer.Append(piece.AsSpan(0, length));
            at += length;
        }
    }

    private void Fetch()
    {
        foreach (Cid root in _contents.Report.Roots) _open.Push(new IpldLink(root));
        while (_open.TryPop(out IpldLink link))
        {
            int index = CarWalk.Target(_contents, link);
            if (index >= 0 && !_contents.IsDamaged(index))
            {
                if (_seen.Add(_contents.Blocks[index].Cid.ToV1())) PushFrom(index);
            }
            else if (link.Target.Hash.Code != Multicodec.Identity)
            {
                Fetch(link);
            }
        }
    }

    /// <summary>The block itself, where a link says which it is; else the form of it that is linked to.</summary>
    private void Fetch(IpldLink link)
    {
        Cid target = link.Target.ToV1(), wanted = link.Block.IsDefault ? target : link.Block;
        if (!_seen.Add(wanted)) return;
        using BlockLease? block = _from.TryGet(wanted, _cancellationToken) ??
            (wanted == target ? null : _from.TryGet(target, _cancellationToken));
        if (block is null) return;
        _writer.Add(block.Cid, block.Bytes.Span);
        _ = _fetched.Add(block.Cid.ToV1());
        if (block.Cid.Codec is not (Multicodec.DagPb or Multicodec.DagCbor)) return;
        if (ColumnManifest.TryDecode(block.Bytes.Span) is { } manifest)
        {
            Fetch(new IpldLink(manifest.Cid));
            if (_fetched.Contains(manifest.Cid)) return;
        }

        var links = new List<IpldLink>();
        try
        {
            IpldLinks.Collect(block.Cid.Codec, block.Bytes.Span, links);
        }
        catch (InvalidIpldException)
        {
            // The reader of the archive reports it.
        }

        Push(links);
    }

    /// <summary>A column manifest needs no pieces where the archive has the batch, or a place has it now.</summary>
    private void PushFrom(int index)
    {
        List<IpldLink> links = _contents.LinksOf(index);
        Cid batch = _contents.BatchOf(index);
        int at = batch.IsDefault ? -1 : _contents.Find(batch);
        bool hasBatch = at >= 0 && !_contents.IsDamaged(at);
        if (!hasBatch && !batch.IsDefault && links.Any(link => !Has(link)))
        {
            Fetch(new IpldLink(batch));
            hasBatch = _fetched.Contains(batch);
        }

        if (!hasBatch) Push(links);
    }

    private bool Has(IpldLink link) =>
        CarWalk.Target(_contents, link) is >= 0 and int index && !_contents.IsDamaged(index);

    private void Push(List<IpldLink> links)
    {
        for (int i = links.Count - 1; i >= 0; i--) _open.Push(links[i]);
    }
}
