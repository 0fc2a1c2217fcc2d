using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>CAR files, backups, copies between stores.</summary>
public sealed partial class StoreTransfer
{
    private readonly CidStore _store;

    internal StoreTransfer(CidStore store) => _store = store;

    /// <summary>
    /// Writes blocks and all beneath them as a CAR. Each block is proved before it is written; the same blocks give the
    /// same bytes. It takes memory for the blocks' CIDs alone.
    /// </summary>
    /// <param name="cids">Batches, datasets, and other blocks.</param>
    /// <param name="output">Where to; it is not flushed.</param>
    /// <param name="options">How; by default CARv1 with UnixFS files.</param>
    /// <param name="progress">Gets the number of bytes of blocks that were written so far.</param>
    /// <param name="cancellationToken">Cancels the call. The output is not complete then.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block, or one that it needs, is not
    /// here; <see cref="ErrorCode.BlockCorrupt"/>: its bytes are damaged; <see cref="ErrorCode.TooLarge"/>: a column
    /// manifest would be over 1 MiB; <see cref="ErrorCode.Unsupported"/>: version 2 into a stream that cannot
    /// seek.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public CarExport ExportCar(IReadOnlyList<Cid> cids, Stream output, CarExportOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        return CarExporter.Write(cid => Of(cid, _store.Reading.Find(cid)), cid => Of(cid, _store.Reading.Prove(cid)),
            cids, output, options, operation, CarStatements.About(_store, cids, options));

        BlockLease Of(Cid cid, RecordLease? lease) =>
            new(cid, (lease ?? throw _store.Proofs.NotHere(cid)).Memory, lease);
    }

    /// <summary>
    /// Puts what a CAR holds. First every block is hashed, and nothing is put where one does not hash to its CID,
    /// or where something that the roots lead to is missing, also from where <see cref="CarImportOptions.From"/>
    /// says. Batches that were cut into UnixFS files or columns are put together again under their own CIDs; a
    /// column manifest stays too, and all else is taken as it is. A block is put after those that it links to. It
    /// takes two threads, memory for the blocks' places, and up to 32 MiB for bytes.
    /// </summary>
    /// <param name="car">The CAR; one that cannot seek is first copied to a temporary file.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Gets the number of bytes that were read so far. The file is read twice: to prove its
    /// blocks, and to put them.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were put before stay.</param>
    /// <returns>What it brought.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/> or <see cref="ErrorCode.TooLarge"/>: the
    /// CAR is refused, and nothing was put, or its batches are not what a manifest in it says. Others as for
    /// <see cref="CidStore.PutRaw"/>, and of where missing blocks come from (<see
    /// cref="BlockBackend.TryGet"/>).</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public CarImport ImportCar(Stream car, CarImportOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(car);
        options ??= new CarImportOptions();
        _store.Blocks.EnterToWrite();
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        if (car.CanSeek) return ImportCarFrom(car, options, operation);
        using FileStream copy = TemporaryCopy.Of(car, cancellationToken);
        return ImportCarFrom(copy, options, operation);
    }

    private CarImport ImportCarFrom(Stream car, CarImportOptions options, Operation operation)
    {
        operation.Expect(2 * car.Length);
        bool mayBeCut = options.Partial || options.From is not null;
        var contents = CarContents.Read(car, options.ZeroEnds, operation.BeginPart(), mayBeCut);
        long? cutAt = contents.Report.CutAt;
        List<int> order = CarWalk.ChildrenFirst(contents);
        bool mayBeCompleted = contents.Report is { IsWhole: false } found && (found.FaultCount == 0 || options.Partial);
        if (options.From is not { } from || !mayBeCompleted)
            return ImportCarFrom(contents, order, options, cutAt, operation);
        using FileStream whole = TemporaryCopy.Of(copy =>
            CarCompletion.Write(contents, from, copy, operation.Token));
        operation.Expect(car.Length + (2 * whole.Length));
        contents = CarContents.Read(whole, progress: operation.BeginPart());
        return ImportCarFrom(contents, CarWalk.ChildrenFirst(contents), options, cutAt, operation);
    }

    private CarImport ImportCarFrom(CarContents contents, List<int> order, CarImportOptions options, long? cutAt,
        Operation operation)
    {
        CarReport report = contents.Report;
        if (!options.Partial) RequireWhole(report, options.From);
        var signed = CarStatements.Read(contents);
        List<CarImportStep> steps = CarImportPlan.Of(contents, order);
        Dictionary<int, IReadOnlyList<KeyValuePair<string, Cid>>> names = NamesOf(contents);
        // A list of names is for the caller, and no block to be stored.
        _ = steps.RemoveAll(step => names.ContainsKey(step.Block) || signed.Lists.Contains(step.Block));
        RequireContent(contents, steps, operation);
        Action<long> put = operation.BeginPart();
        using var import = new CarPutting(_store, contents);
        foreach (CarImportStep step in steps)
        {
            import.Put(step);
            put(contents.Blocks[step.Block].End);
        }

        import.Finish();
        signed.Take(_store, import.Blocks);
        operation.Finish();
        return new CarImport
        {
            Roots = report.Roots,
            Blocks = import.Blocks,
            Missing = report.MissingCount + report.RootsMissing.Count,
            Skipped = import.Skipped,
            CutAt = cutAt,
            Statements = signed.Count,
            Names = [.. names.Values.SelectMany(each => each)],
        };
    }

    private static Dictionary<int, IReadOnlyList<KeyValuePair<string, Cid>>> NamesOf(CarContents contents)
    {
        var names = new Dictionary<int, IReadOnlyList<KeyValuePair<string, Cid>>>();
        foreach (Cid root in contents.Report.Roots.Where(root => root.Codec == Multicodec.DagCbor))
        {
            int index = contents.Find(root);
            if (index < 0 || contents.IsDamaged(index)) continue;
            if (NameList.TryDecode(contents.ReadBlock(index)) is { } list) names[index] = list;
        }

        return names;
    }

    /// <summary>What manifests say of their blocks is proved before anything is put.</summary>
    private static void RequireContent(CarContents contents, List<CarImportStep> steps, Operation operation)
    {
        List<CarImportStep> said = steps.FindAll(step =>
            !step.Expected.IsDefault && !step.Parts.Any(contents.IsDamaged));
        using var gathered = new GatheredHash(said.Sum(step => step.Length),
            (number, digest) => ExpectedCid.RequireHash(said[number].Expected, digest));
        for (int i = 0; i < said.Count; i++)
        {
            operation.Check();
            CarImportStep step = said[i];
            if (step.Length <= GatheredHash.MaxMessage)
                contents.ReadAt(step.Content!, gathered.Add(i, (int)step.Length));
            else ExpectedCid.RequireHash(step.Expected, HashPieces(contents, step.Content!));
        }

        gathered.Finish();
    }

    private static Digest256 HashPieces(CarContents contents, IReadOnlyList<CarSection> pieces)
    {
        byte[] bytes = new byte[ColumnManifest.MaxPiece];
        var hash = new Sha256();
        foreach (CarSection piece in pieces)
        {
            contents.ReadAt(piece.BlockOffset, bytes.AsSpan(0, piece.Length));
            hash.Append(bytes.AsSpan(0, piece.Length));
        }

        return hash.Finish();
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
}
