using System.Collections.Immutable;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Transfer;

/// <summary>
/// Reads some columns of batches from wherever their blocks are. Of a batch whose column manifest is known, only the
/// manifest, the head and the wanted columns are read, each piece proved by its own CID. Of any other the whole block
/// is read and proved.
/// </summary>
/// <remarks>SHA-256 does not prove that a manifest belongs to a block without the whole block. So a manifest is
/// believed only if the caller named it, or if <paramref name="manifestOf"/> knows it because the whole block was
/// hashed when it was made. What a source claims does not count.</remarks>
/// <param name="source">Where the blocks are.</param>
/// <param name="columns">The names of the columns; at least one.</param>
/// <param name="manifestOf">Finds the CID of a batch's column manifest; null where it is not known.</param>
/// <param name="kept">Keeps manifests and pieces that were read, and is asked for them first; null for none.</param>
internal sealed class ColumnReader(BlockBackend source, IReadOnlyList<string> columns,
    Func<Cid, Cid?>? manifestOf = null, BlockBackend? kept = null)
{
    private const int MostAhead = 4;

    // Heads of batches of one schema begin with the same piece.
    private const int MostSharedBytes = 1 << 20;

    private readonly string[] _columns = [.. columns.Distinct(StringComparer.Ordinal)];
    private readonly Lock _wholeGate = new();
    private readonly Lock _sharedGate = new();
    private readonly Dictionary<Cid, ReadOnlyMemory<byte>> _shared = [];
    private int _sharedBytes;

    // Of batches of one schema it is read once.
    private volatile BlockHead? _lastHead;

    /// <summary>The batches of a dataset in order, the parts of a list of column manifests, and a batch or a column
    /// manifest itself.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a node is not there;
    /// <see cref="ErrorCode.SchemaMismatch"/>: a node of another kind.</exception>
    public static IReadOnlyList<Cid> BatchesOf(BlockBackend source, Cid cid, CancellationToken cancellationToken)
    {
        if (cid.Codec != Multicodec.DagCbor) return [cid];
        IpldNode node = ReadNode(cid);
        return ManifestNode.KindOf(node) switch
        {
            ColumnManifest.Kind => [cid],
            ColumnSet.Kind => [.. ColumnSet.Decode(node).Parts],
            Dataset.Kind => [.. Dataset.Decode(node, ReadNode).Batches.Select(batch => batch.Cid)],
            _ => throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"{cid} is neither a batch nor a dataset nor a column manifest"),
        };

        IpldNode ReadNode(Cid each)
        {
            using BlockLease block = source.Get(each, cancellationToken);
            return DagCbor.Decode(block.Bytes.Span);
        }
    }

    /// <summary>Reads the columns of several batches, up to four of them at the same time.</summary>
    /// <param name="cids">Batches and column manifests.</param>
    /// <param name="ahead">How many batches are read before they are asked for.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A batch for each, in this order, in memory of its own.</returns>
    public IEnumerable<RecordBatch> ReadMany(IReadOnlyList<Cid> cids, int ahead = MostAhead,
        CancellationToken cancellationToken = default)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var begun = new Queue<Task<RecordBatch>>();
        int next = 0;
        try
        {
            while (next < cids.Count || begun.Count > 0)
            {
                for (; next < cids.Count && begun.Count < Math.Clamp(ahead, 1, MostAhead); next++)
                    begun.Enqueue(Begin(cids[next], end.Token));
                yield return begun.Dequeue().GetAwaiter().GetResult();
            }
        }
        finally
        {
            end.Cancel();
            foreach (Task rest in begun)
                rest.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }
    }

    /// <summary>Reads the columns of a batch.</summary>
    /// <param name="cid">The batch, or its column manifest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A batch of the columns in the order that was given, in memory of its own.</returns>
    public RecordBatch Read(Cid cid, CancellationToken cancellationToken)
    {
        bool isManifest = cid.Codec == Multicodec.DagCbor;
        Cid? known = isManifest ? cid : manifestOf?.Invoke(cid);
        if (known is not { } manifest) return ReadWhole(cid, cancellationToken);
        using BlockLease? node = kept?.TryGet(manifest, cancellationToken) ??
            (isManifest ? source.TryGet(manifest, cancellationToken)
                : source.FindManifest(cid, manifest, cancellationToken));
        if (node is null)
            return isManifest ? throw Missing(cid, "the column manifest") : ReadWhole(cid, cancellationToken);
        ColumnManifest decoded = ColumnManifest.Decode(DagCbor.Decode(node.Bytes.Span));
        if (!isManifest && decoded.Cid != cid)
        {
            throw new InvalidIpldException(ColumnManifest.Kind,
                $"{manifest} is the column manifest of {decoded.Cid}, and not of {cid}");
        }

        RecordBatch batch = ReadPieces(decoded, cancellationToken);
        kept?.Put(manifest, node.Bytes, cancellationToken);
        return batch;
    }

    internal static ArrowCidException NoColumn(string column, IEnumerable<string> names) =>
        new(ErrorCode.SchemaMismatch, $"no column {column}; there are: {string.Join(", ", names)}");

    internal static ArrowCidException Missing(Cid cid, string what) =>
        new(ErrorCode.BlockNotFound, $"{what}, {cid}, is not here; import or fetch it first");

    // Threads of their own: what waits for a server would hold up those of the pool that its answers need.
    private Task<RecordBatch> Begin(Cid cid, CancellationToken end) => Task.Factory.StartNew(() => Read(cid, end), end,
        TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private RecordBatch ReadWhole(Cid cid, CancellationToken cancellationToken)
    {
        // One whole block at a time is in memory.
        lock (_wholeGate)
        {
            using BlockLease block = source.Get(cid, cancellationToken);
            RecordBatch batch = block.ReadView();
            foreach (string name in _columns)
            {
                if (batch.Schema.IndexOf(name) < 0)
                    throw NoColumn($"'{name}'", batch.Schema.Fields.Select(field => field.Name));
            }

            return CanonicalBlock.DecodeView(CanonicalBlock.Encode(ColumnChoice.Of(batch, _columns)).Bytes);
        }
    }

    private RecordBatch ReadPieces(ColumnManifest manifest, CancellationToken cancellationToken)
    {
        int[] wanted = [.. _columns.Select(name => BatchColumn.IndexOf(manifest.Columns, name))];
        Dictionary<Cid, ReadOnlyMemory<byte>> pieces = Fetch(manifest, wanted, cancellationToken);
        BlockHead head = BatchColumn.HeadOf(manifest, Gather(manifest.Head, pieces), _lastHead);
        _lastHead = head;
        Share(manifest.Head, pieces);
        long body = manifest.Columns.Sum(column => column.ByteLength);
        var fields = new Field[wanted.Length];
        var arrays = new ArrowArray[wanted.Length];
        for (int i = 0; i < wanted.Length; i++)
        {
            long start = manifest.Columns.Take(wanted[i]).Sum(column => column.ByteLength);
            ReadOnlyMemory<byte> bytes = Gather(manifest.Columns[wanted[i]].Pieces, pieces);
            RecordBatch column = head.Column(wanted[i], bytes, start, body);
            if (column.Length != manifest.Rows)
                throw new InvalidIpldException(ColumnManifest.Kind, "'rows' is not the number of rows in the head");
            (fields[i], arrays[i]) = (column.Schema.Fields[0], column.Columns[0]);
        }

        return new RecordBatch(new Schema(fields, head.Schema.Metadata), (int)manifest.Rows, arrays);
    }

    /// <summary>The pieces of the head and of some columns, each once and proved.</summary>
    private Dictionary<Cid, ReadOnlyMemory<byte>> Fetch(ColumnManifest manifest, int[] wanted,
        CancellationToken cancellationToken)
    {
        var pieces = new Dictionary<Cid, ReadOnlyMemory<byte>>();
        var slices = new List<(BlockSlice Slice, string What)>();
        var asked = new HashSet<Cid>();
        long at = 0;
        AddAll(manifest.Head, "the head");
        for (int i = 0; i < manifest.Columns.Length; i++)
        {
            if (wanted.Contains(i)) AddAll(manifest.Columns[i].Pieces, $"column '{manifest.Columns[i].Name}'");
            else at += manifest.Columns[i].ByteLength;
        }

        if (slices.Count == 0) return pieces;
        BlockSlice[] missing = [.. slices.Select(each => each.Slice)];
        IReadOnlyList<BlockLease> leases = source.TryGetRanges(manifest.Cid, missing, cancellationToken) ??
            FetchEach(slices, cancellationToken);
        foreach (BlockLease lease in leases)
        {
            using (lease)
            {
                // A store may delete what it maps as soon as nothing holds it.
                pieces[lease.Cid] = lease.Bytes.ToArray();
                kept?.Put(lease.Cid, pieces[lease.Cid], cancellationToken);
            }
        }

        return pieces;

        void AddAll(ImmutableArray<ColumnPiece> all, string what)
        {
            for (int i = 0; i < all.Length; at += all[i++].Length)
            {
                ColumnPiece piece = all[i];
                if (!asked.Add(piece.Cid)) continue;
                if (FindHere(piece, cancellationToken) is { } bytes) pieces[piece.Cid] = bytes;
                else slices.Add((new BlockSlice(at, piece.Length, piece.Cid), $"piece {i} of {what}"));
            }
        }
    }

    /// <summary>Pieces that are blocks of their own, as an import of a CAR leaves them.</summary>
    private List<BlockLease> FetchEach(List<(BlockSlice Slice, string What)> slices,
        CancellationToken cancellationToken)
    {
        var leases = new List<BlockLease>();
        foreach ((BlockSlice slice, string what) in slices)
        {
            BlockLease lease = source.TryGet(slice.Cid, cancellationToken) ??
                throw Missing(slice.Cid, what);
            leases.Add(lease);
            if (lease.Bytes.Length != slice.Length) throw WrongLength(slice.Cid, lease.Bytes.Length, slice.Length);
        }

        return leases;
    }

    private ReadOnlyMemory<byte>? FindHere(ColumnPiece piece, CancellationToken cancellationToken)
    {
        lock (_sharedGate)
        {
            if (_shared.TryGetValue(piece.Cid, out ReadOnlyMemory<byte> shared) && shared.Length == piece.Length)
                return shared;
        }

        using BlockLease? block = kept?.TryGet(piece.Cid, cancellationToken);
        if (block is null) return null;
        return block.Bytes.Length == piece.Length
            ? block.Bytes.ToArray()
            : throw WrongLength(piece.Cid, block.Bytes.Length, piece.Length);
    }

    private void Share(ImmutableArray<ColumnPiece> head, Dictionary<Cid, ReadOnlyMemory<byte>> pieces)
    {
        lock (_sharedGate)
        {
            foreach (ColumnPiece piece in head)
            {
                if (_sharedBytes + piece.Length > MostSharedBytes || !_shared.TryAdd(piece.Cid, pieces[piece.Cid]))
                    continue;
                _sharedBytes += piece.Length;
            }
        }
    }

    private static ReadOnlyMemory<byte> Gather(ImmutableArray<ColumnPiece> pieces,
        Dictionary<Cid, ReadOnlyMemory<byte>> bytes)
    {
        if (pieces.Length == 1) return bytes[pieces[0].Cid];
        byte[] gathered = new byte[pieces.Sum(piece => piece.Length)];
        int at = 0;
        foreach (ColumnPiece piece in pieces)
        {
            ReadOnlyMemory<byte> next = bytes[piece.Cid];
            if (next.Length != piece.Length) throw WrongLength(piece.Cid, next.Length, piece.Length);
            next.Span.CopyTo(gathered.AsSpan(at));
            at += piece.Length;
        }

        return gathered;
    }

    private static InvalidIpldException WrongLength(Cid cid, int length, int claimed) => new(ColumnManifest.Kind,
        $"the piece {cid} has {length} bytes, and not {claimed}");
}
