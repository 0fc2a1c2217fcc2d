using System.Collections;
using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;

namespace ArrowCid.Transfer;

/// <summary>
/// Decides what of a proved CAR is put into a store: batches that were cut up are put together again, and their parts
/// are left out; everything else is taken as it is.
/// </summary>
internal sealed class CarImportPlan
{
    private readonly CarContents _contents;
    private readonly BitArray _needed, _isPart;

    private CarImportPlan(CarContents contents)
    {
        _contents = contents;
        (_needed, _isPart) = (new BitArray(contents.Blocks.Count), new BitArray(contents.Blocks.Count));
    }

    /// <summary>The steps: each block after those that it links to.</summary>
    /// <param name="contents">The CAR.</param>
    /// <param name="childrenFirst">Its blocks in that order.</param>
    public static List<CarImportStep> Of(CarContents contents, IReadOnlyList<int> childrenFirst)
    {
        var plan = new CarImportPlan(contents);
        var steps = new List<CarImportStep>();
        foreach (Cid root in contents.Report.Roots)
        {
            if (contents.Find(root) is >= 0 and int index) plan._needed[index] = true;
        }

        // A block's parents come before it here, and have said what they need of it.
        for (int i = childrenFirst.Count - 1; i >= 0; i--)
        {
            int block = childrenFirst[i];
            if (plan._needed[block] || !plan._isPart[block]) steps.Add(plan.StepOf(block));
        }

        steps.Reverse();
        return steps;
    }

    private CarImportStep StepOf(int block)
    {
        CarSection section = _contents.Blocks[block];
        CarImportStep? whole = section.Cid.Codec switch
        {
            Multicodec.DagPb => FileOf(block, section.Cid) ?? DirectoryOf(block, section.Cid),
            Multicodec.DagCbor => ColumnsOf(block),
            _ => null,
        };
        if (whole is not null)
        {
            foreach (int part in whole.Parts) _isPart[part] = true;
            return whole;
        }

        foreach (IpldLink link in _contents.LinksOf(block)) Need(link);
        return new CarImportStep(block, null, [], default);
    }

    private void Need(IpldLink link)
    {
        int target = link.Block.IsDefault ? -1 : _contents.Find(link.Block);
        if (target < 0) target = _contents.Find(link.Target);
        if (target < 0 && !link.Block.IsDefault) target = _contents.ManifestOf(link.Block);
        if (target >= 0) _needed[target] = true;
    }

    private CarImportStep? ColumnsOf(int block)
    {
        ColumnManifest manifest;
        try
        {
            IpldNode node = DagCbor.Decode(_contents.ReadBlock(block));
            if (ManifestNode.KindOf(node) != ColumnManifest.Kind) return null;
            manifest = ColumnManifest.Decode(node);
        }
        catch (InvalidIpldException)
        {
            return null;
        }

        var content = new List<CarSection>();
        var parts = new List<int>();
        foreach (ColumnPiece piece in manifest.Pieces)
        {
            int part = _contents.Find(piece.Cid);
            if (part < 0 || _contents.Blocks[part].Length != piece.Length) return null;
            content.Add(_contents.Blocks[part]);
            parts.Add(part);
        }

        return new CarImportStep(block, content, parts, manifest.Cid);
    }

    /// <summary>A dataset as a UnixFS directory: the one that follows from the manifest in it.</summary>
    private CarImportStep? DirectoryOf(int block, Cid cid)
    {
        DatasetDirectory directory;
        try
        {
            DagPbNode node = DagPb.Decode(_contents.ReadBlock(block), IpldReadOptions.Lenient);
            Cid file = node.Links.FirstOrDefault(link => link.Name == DatasetDirectory.ManifestName).Hash;
            int manifest = file.IsDefault ? -1 : _contents.Find(file);
            if (manifest < 0 || _contents.Blocks[manifest].Length > Dataset.MaxBytes) return null;
            var dataset = Dataset.Decode(DagCbor.Decode(_contents.ReadBlock(manifest)), ReadPage);
            if (_contents.Find(dataset.Schema) is not (>= 0 and int schema)) return null;
            directory = DatasetDirectory.Of(dataset, _contents.Blocks[schema].Length);
        }
        catch (Exception e) when (e is InvalidIpldException or ArrowCidException)
        {
            return null;
        }

        if (directory.Root != cid.ToV1()) return null;
        int[] parts = [.. directory.Blocks.Skip(1).Select(each => _contents.Find(each.Cid))];
        if (parts.Any(part => part < 0 || _contents.IsDamaged(part))) return null;
        Need(new IpldLink(directory.Dataset.Schema));
        foreach (DatasetBatch batch in directory.Dataset.Batches)
            Need(new IpldLink(batch.Dag.IsDefault ? batch.Cid : batch.Dag));
        return new CarImportStep(block, null, parts, default)
        {
            Nodes = [.. directory.Nodes.Select(_contents.Find)],
        };
    }

    private IpldNode? ReadPage(Cid page) =>
        _contents.Find(DatasetDirectory.FileOf(page)) is >= 0 and int index
            && _contents.Blocks[index].Length <= Dataset.MaxBytes ? DagCbor.Decode(_contents.ReadBlock(index)) : null;

    /// <summary>A UnixFS file that looks like a batch's block: so it begins, so it ends, and so long it is.</summary>
    private CarImportStep? FileOf(int block, Cid cid)
    {
        const int Alignment = 64, EndBytes = 8;
        var content = new List<CarSection>();
        var parts = new List<int>();
        try
        {
            if (!TryAddParts(block, cid, content, parts, 0)) return null;
        }
        catch (InvalidIpldException)
        {
            return null;
        }

        long length = content.Sum(part => (long)part.Length);
        if (length > CarFormat.MaxRawBytes || length % Alignment != EndBytes || content[0].Length < sizeof(int))
            return null;
        Span<byte> start = stackalloc byte[sizeof(int)];
        _contents.ReadAt(content[0].BlockOffset, start);
        return start.IndexOfAnyExcept((byte)0xff) < 0 ? new CarImportStep(block, content, parts, default) : null;
    }

    private bool TryAddParts(int block, Cid cid, List<CarSection> content, List<int> parts, int depth)
    {
        const int MaxDepth = 64, MaxParts = 1 << 22;
        if (depth > MaxDepth || content.Count > MaxParts) return false;
        DagPbNode node = DagPb.Decode(_contents.ReadBlock(block), IpldReadOptions.Lenient);
        UnixFsNode file = UnixFsReader.FileOf(node, cid);
        // Content that stands in dag-pb nodes is none of ours.
        if (file.Data is { IsEmpty: false } || node.Links.Length == 0) return false;
        foreach (DagPbLink link in node.Links)
        {
            int part = _contents.Find(link.Hash);
            if (part < 0) return false;
            parts.Add(part);
            if (link.Hash.Codec == Multicodec.Raw) content.Add(_contents.Blocks[part]);
            else if (!TryAddParts(part, link.Hash, content, parts, depth + 1)) return false;
        }

        return true;
    }
}
