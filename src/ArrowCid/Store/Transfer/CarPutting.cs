using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>
/// Puts a CAR's blocks in order. Raw blocks are gathered in groups: while one is put by another thread the next is
/// read. What links to blocks is put once they are there.
/// </summary>
internal sealed class CarPutting(CidStore store, CarContents contents) : IDisposable
{
    // What UnixFS files and manifests became.
    private readonly Dictionary<Cid, Cid> _made = [];
    // A piece that two manifests share counts once.
    private readonly HashSet<int> _skipped = [];
    private readonly SideTask _side = new();
    private readonly List<(CarImportStep Step, CopiedBlock Block)> _given = [];
    private CopiedBlocks _filling = new(store, contents.Report.Bytes), _other = new(store, contents.Report.Bytes);

    public List<ImportedBlock> Blocks { get; } = [];

    public long Skipped => _skipped.Count;

    public void Put(CarImportStep step)
    {
        if (ToGather(step) is { } block)
        {
            if (!_filling.HasRoom(block.Length)) Next();
            Span<byte> target = _filling.Add(block);
            if (step.Content is { } content) contents.ReadAt(content, target);
            else contents.ReadAt(contents.Blocks[step.Block].BlockOffset, target);
            _given.Add((step, block));
            return;
        }

        Finish();
        PutAlone(step);
    }

    /// <summary>Returns once all that was gathered is put.</summary>
    public void Finish()
    {
        if (_given.Count == 0) return;
        Next();
        _side.Join();
        _other.Clear();
        foreach ((CarImportStep step, CopiedBlock block) in _given) Take(step, block);
        _given.Clear();
    }

    public void Dispose()
    {
        _side.Abandon();
        _filling.Dispose();
        _other.Dispose();
    }

    /// <summary>Has the group put.</summary>
    private void Next()
    {
        _filling.Follow(_other);
        if (_side.Do(_filling.Put)) (_filling, _other) = (_other, _filling);
        _filling.Clear();
    }

    /// <summary>A step's block where it is one that can be put in a group, else null.</summary>
    private CopiedBlock? ToGather(CarImportStep step)
    {
        CarSection section = contents.Blocks[step.Block];
        if (step.Content is not null)
        {
            return step.Length <= CopiedBlocks.MostBytes && step.Parts.Append(step.Block).All(IsProved)
                ? new CopiedBlock((int)step.Length, step.Expected, step.Expected.IsDefault)
                : null;
        }

        bool isRaw = section.Cid.Codec == Multicodec.Raw && section.Cid.Hash.IsSha256;
        return isRaw && section.Length <= CopiedBlocks.MostBytes && IsProved(step.Block)
            ? new CopiedBlock(section.Length, section.Cid.ToV1(), OnlyBatch: false)
            : null;
    }

    private void Take(CarImportStep step, CopiedBlock block)
    {
        if (block.Result is not { } put)
        {
            PutParts(step);
            return;
        }

        Cid from = contents.Blocks[step.Block].Cid.ToV1();
        if (step.Content is not null) _made[from] = put.Put.Cid;
        Add(put.Put, put.Kind, from);
        KeepManifest(step);
    }

    private void PutAlone(CarImportStep step)
    {
        if (step.Nodes is { } nodes)
        {
            PutDataset(step.Block, nodes);
            return;
        }

        if (step.Content is null)
        {
            PutOne(step.Block);
            return;
        }

        Cid from = contents.Blocks[step.Block].Cid.ToV1();
        bool isProved = step.Parts.Append(step.Block).All(IsProved);
        (PutResult Put, BlockKind Kind)? made = !isProved ? null : store.Putting.PutFrom((int)step.Length,
            target => contents.ReadAt(step.Content, target), step.Expected, onlyBatch: step.Expected.IsDefault);
        if (made is not { } put)
        {
            PutParts(step);
            return;
        }

        _made[from] = put.Put.Cid;
        Add(put.Put, put.Kind, from);
        KeepManifest(step);
    }

    /// <summary>A column manifest stays beside its batch, of which its pieces are ranges.</summary>
    private void KeepManifest(CarImportStep step)
    {
        if (step.Content is not null && !step.Expected.IsDefault) PutOne(step.Block);
    }

    /// <summary>What cannot be put together again is taken as it is.</summary>
    private void PutParts(CarImportStep step)
    {
        foreach (int part in step.Parts.Distinct().Reverse()) PutOne(part);
        PutOne(step.Block);
    }

    private void PutOne(int index)
    {
        CarSection section = contents.Blocks[index];
        if (section.Cid.Hash.Code == Multicodec.Identity) return;
        if (!section.Cid.Hash.IsSha256 || section.Cid.Codec > uint.MaxValue || !IsProved(index))
        {
            _ = _skipped.Add(index);
            return;
        }

        Cid cid = section.Cid.ToV1();
        if (cid.Codec == Multicodec.Raw)
        {
            (PutResult Put, BlockKind Kind)? raw = store.Putting.PutFrom(section.Length,
                target => contents.ReadAt(section.BlockOffset, target), cid, onlyBatch: false);
            Add(raw!.Value.Put, raw.Value.Kind, cid);
            return;
        }

        PutNode(index, cid, cid);
    }

    private void PutNode(int index, Cid cid, Cid from)
    {
        byte[] bytes = contents.ReadBlock(index);
        ExpectedCid.RequireHash(cid, Sha256.Hash(bytes));
        if (cid.Codec == Multicodec.DagCbor) Judge(cid, bytes);
        Add(store.PutRaw(bytes, cid.Codec),
            NodeHead.IsNode(cid.Codec) ? NodeHead.Read(cid.Codec, bytes).Kind : BlockKind.Raw, from);
    }

    /// <summary>Puts the nodes of a dataset that stand as files in its directory.</summary>
    private void PutDataset(int directory, IReadOnlyList<int> nodes)
    {
        foreach (int node in nodes)
        {
            Cid file = contents.Blocks[node].Cid.ToV1();
            PutNode(node, Cid.Create(Multicodec.DagCbor, file.Hash),
                node == nodes[^1] ? contents.Blocks[directory].Cid.ToV1() : file);
        }
    }

    private bool IsProved(int index) => !contents.IsDamaged(index);

    /// <summary>Checks that a dataset's batches match its description of them.</summary>
    private void Judge(Cid cid, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("arrowcid/dataset"u8) < 0) return;
        IpldNode node = DagCbor.Decode(bytes);
        if (ManifestNode.KindOf(node) != Dataset.Kind) return;
        foreach (DatasetBatch batch in Dataset.Decode(node, store.Reading.ReadNode).Batches)
        {
            using RecordLease? block = store.Reading.FindUnjudged(batch.Cid);
            if (block is null) continue;
            BlockInfo info = block.Info;
            bool isRight = info.Rows == batch.Rows && info.Length == batch.ByteLength;
            if (isRight && !batch.Dag.IsDefault)
            {
                bool isMade = _made.TryGetValue(batch.Dag, out Cid made);
                isRight = isMade ? made == batch.Cid : store.Reading.DagOf(block) == batch.Dag;
            }

            if (isRight) continue;
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the dataset {cid} describes the batch {batch.Cid} wrongly; the dataset was not put");
        }
    }

    private void Add(PutResult put, BlockKind kind, Cid from) =>
        Blocks.Add(new ImportedBlock
        {
            Cid = put.Cid,
            Kind = kind,
            ByteLength = put.ByteLength,
            IsNew = put.IsNew,
            From = from,
            IsRepaired = put.IsRepaired,
        });
}
