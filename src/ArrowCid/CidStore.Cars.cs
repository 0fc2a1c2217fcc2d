using ArrowCid.Exchange;
using ArrowCid.Exchange.Backends;
using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Out to content-addressed archives, and back.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Writes blocks and all beneath them as a CAR. Each block is proved before it is written; the same blocks give the
    /// same bytes. It takes memory for the blocks' CIDs alone.
    /// </summary>
    /// <param name="cids">Batches, datasets, and other blocks.</param>
    /// <param name="output">Where to; it is not flushed.</param>
    /// <param name="options">How; by default CARv1 with UnixFS files.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block, or one that it needs, is not
    /// here; <see cref="ErrorCode.BlockCorrupt"/>: its bytes are damaged; <see cref="ErrorCode.TooLarge"/>: a column
    /// manifest would be over 1 MiB; <see cref="ErrorCode.Unsupported"/>: version 2 into a stream that cannot
    /// seek.</exception>
    public CarExport ExportCar(IReadOnlyList<Cid> cids, Stream output, CarExportOptions? options = null)
    {
        return CarExporter.Write(cid => Of(cid, Find(cid)), cid => Of(cid, Prove(cid)), cids, output, options);

        BackendBlock Of(Cid cid, BlockLease? lease) =>
            new(cid, (lease ?? throw NotHere(cid)).Memory, lease);
    }

    /// <summary>
    /// Puts what a CAR holds. First every block is hashed, and nothing is put where one does not hash to its CID, or
    /// where something that the roots lead to is missing, also from where <see cref="CarImportOptions.From"/> says.
    /// Batches that were cut into UnixFS files or columns are put
    /// together again under their own CIDs; all else is taken as it is. A block is put behind those that it links to.
    /// </summary>
    /// <param name="car">The CAR; one that cannot seek is first copied to a temporary file.</param>
    /// <param name="options">How.</param>
    /// <returns>What it brought.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/> or <see cref="ErrorCode.TooLarge"/>: the
    /// CAR is refused, and nothing was put, or its batches are not what a manifest in it says. Others as for
    /// <see cref="PutRaw"/>, and of where missing blocks come from (<see cref="BlockBackend.TryGet"/>).</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public CarImport ImportCar(Stream car, CarImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(car);
        options ??= new CarImportOptions();
        _blocks.EnterToWrite();
        if (car.CanSeek) return ImportCarFrom(car, options);
        using FileStream copy = TemporaryCopy.Of(car);
        return ImportCarFrom(copy, options);
    }

    private CarImport ImportCarFrom(Stream car, CarImportOptions options)
    {
        var contents = CarContents.Read(car, options.ZeroEnds, options.Progress);
        List<int> order = CarWalk.ChildrenFirst(contents);
        bool mayBeMended = contents.Report is { IsWhole: false } found && (found.FaultCount == 0 || options.Partial);
        if (options.From is not { } from || !mayBeMended) return ImportCarFrom(contents, order, options);
        using FileStream whole = TemporaryCopy.Of(copy => CarCompletion.Write(contents, from, copy));
        contents = CarContents.Read(whole, progress: options.Progress);
        return ImportCarFrom(contents, CarWalk.ChildrenFirst(contents), options);
    }

    private CarImport ImportCarFrom(CarContents contents, List<int> order, CarImportOptions options)
    {
        CarReport report = contents.Report;
        if (!options.Partial) RequireWhole(report, options.From);
        List<CarImportStep> steps = CarImportPlan.Of(contents, order);
        foreach (CarImportStep step in steps) RequireContent(contents, step);
        var import = new CarPutting(this, contents);
        foreach (CarImportStep step in steps)
        {
            import.Put(step);
            options.Progress?.Invoke(contents.Blocks[step.Block].End);
        }

        return new CarImport(report.Roots, import.Blocks, report.MissingCount + report.RootsMissing.Count,
            import.Skipped);
    }

    /// <summary>What a manifest says of its block is proved before anything is put.</summary>
    private static void RequireContent(CarContents contents, CarImportStep step)
    {
        if (step.Expected.IsDefault || step.Parts.Any(contents.IsDamaged)) return;
        const int PieceBytes = ColumnManifest.MaxPiece;
        byte[] piece = new byte[PieceBytes];
        var hash = new Sha256();
        foreach (CarSection part in step.Content!)
        {
            contents.ReadAt(part.BlockOffset, piece.AsSpan(0, part.Length));
            hash.Append(piece.AsSpan(0, part.Length));
        }

        RequireHash(step.Expected, hash.Finish());
    }

    private static void RequireWhole(CarReport report, BlockBackend? from)
    {
        string? fault = null;
        string nor = from is null ? "" : $", nor at {from.Name}";
        if (report.FaultCount > 0) fault = report.Faults[0].ToString();
        else if (report.RootsMissing.Count > 0) fault = $"the root {report.RootsMissing[0]} is not in it{nor}";
        else if (report.MissingCount > 0)
            fault = $"{report.MissingCount} blocks are missing, {report.Missing[0]} first{nor}";
        else if (report.Unverifiable.Count > 0)
            fault = $"blocks under {string.Join(", ", report.Unverifiable.Keys)} cannot be proved";
        if (fault is null) return;
        throw new ArrowCidException(ErrorCode.InvalidData,
            $"{fault}; nothing was put ('car verify' says more; a partial import takes what can be proved)");
    }

    /// <summary>Puts a CAR's blocks one after another.</summary>
    private sealed class CarPutting(CidStore store, CarContents contents)
    {
        // What UnixFS files and manifests became.
        private readonly Dictionary<Cid, Cid> _made = [];

        public List<ImportedBlock> Blocks { get; } = [];

        public long Skipped { get; private set; }

        public void Put(CarImportStep step)
        {
            if (step.Content is null)
            {
                PutOne(step.Block);
                return;
            }

            Cid from = contents.Blocks[step.Block].Cid.ToV1();
            bool isProved = step.Parts.Append(step.Block).All(IsProved);
            (PutResult Put, BlockKind Kind)? made = !isProved ? null : store.PutFrom((int)step.Length,
                target => Fill(step.Content, target), step.Expected, onlyBatch: step.Expected.IsDefault);
            if (made is { } put)
            {
                _made[from] = put.Put.Cid;
                Add(put.Put, put.Kind, from);
                return;
            }

            foreach (int part in step.Parts.Distinct().Reverse()) PutOne(part);
            PutOne(step.Block);
        }

        private void PutOne(int index)
        {
            CarSection section = contents.Blocks[index];
            if (section.Cid.Hash.Code == Multicodec.Identity) return;
            if (!section.Cid.Hash.IsSha256 || section.Cid.Codec > uint.MaxValue || !IsProved(index))
            {
                Skipped++;
                return;
            }

            Cid cid = section.Cid.ToV1();
            if (cid.Codec == Multicodec.Raw)
            {
                (PutResult Put, BlockKind Kind)? raw = store.PutFrom(section.Length,
                    target => contents.ReadAt(section.BlockOffset, target), cid, onlyBatch: false);
                Add(raw!.Value.Put, raw.Value.Kind, cid);
                return;
            }

            byte[] bytes = contents.ReadBlock(index);
            RequireHash(cid, Sha256.Hash(bytes));
            if (cid.Codec == Multicodec.DagCbor) Judge(cid, bytes);
            Add(store.PutBlock(cid.Codec, bytes), BlockKind.Raw, cid);
        }

        private bool IsProved(int index) => !contents.IsDamaged(index);

        /// <summary>A dataset's batches are what it says of them.</summary>
        private void Judge(Cid cid, ReadOnlySpan<byte> bytes)
        {
            if (bytes.IndexOf("arrowcid/dataset"u8) < 0) return;
            IpldNode node = DagCbor.Decode(bytes);
            if (ManifestNode.KindOf(node) != Dataset.Kind) return;
            foreach (DatasetBatch batch in Dataset.Decode(node, store.ReadNode).Batches)
            {
                using BlockLease? block = store.Find(batch.Cid);
                if (block is null) continue;
                BlockInfo info = block.Info;
                bool isRight = info.Rows == batch.Rows && info.Length == batch.ByteLength;
                if (isRight && !batch.Dag.IsDefault)
                {
                    bool isMade = _made.TryGetValue(batch.Dag, out Cid made);
                    isRight = isMade ? made == batch.Cid : DagOf(block) == batch.Dag;
                }

                if (isRight) continue;
                throw new ArrowCidException(ErrorCode.InvalidData,
                    $"the dataset {cid} says of the batch {batch.Cid} what it is not; the dataset was not put");
            }
        }

        private void Add(PutResult put, BlockKind kind, Cid from) =>
            Blocks.Add(new ImportedBlock(put.Cid, kind, put.ByteLength, put.IsNew, from));

        private void Fill(IReadOnlyList<CarSection> content, Span<byte> target)
        {
            foreach (CarSection part in content)
            {
                contents.ReadAt(part.BlockOffset, target[..part.Length]);
                target = target[part.Length..];
            }
        }
    }
}
