using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>What is known of a block, from its record and from the facts about it.</summary>
internal sealed class EntryReader(BlockStore blocks, RegistryReader reader)
{
    /// <summary>Verifies signed statements.</summary>
    public SignerReader Signers { get; } = new(blocks);

    /// <summary>What is known of a block; null where it is not here and no fact speaks of it.</summary>
    public StoredEntry? Describe(in Digest256 digest)
    {
        Digest256 asked = digest;
        return reader.Ask(() =>
        {
            BlockState? page = reader.State.Find(in asked);
            BlockInfo? info = Look(in asked, page);
            if (info is null && page?.Sheet is null && reader.State.NamesOf(in asked, page).Count == 0) return null;
            return Show(in asked, info, page);
        });
    }

    /// <summary>What of a listing of the store was not dropped.</summary>
    public IEnumerable<BlockInfo> Alive(IEnumerable<BlockInfo> listed)
    {
        return reader.Ask(() => reader.State.HasDrops)
            ? listed.Where(info => reader.Known(() => !IsDeadNow(info.Digest)))
            : listed;
    }

    /// <summary>The blocks derived from one, according to their metadata.</summary>
    public List<Cid> Children(Digest256 digest)
    {
        byte[] low = IndexKey.OfDigest(in digest);
        return reader.Ask(() =>
        {
            var children = new SortedSet<Cid>();
            var range = new KeyRange(low, IndexKey.Behind(low));
            MergedCursor cursor = reader.Open(IndexKind.Parent, range, isDescending: false);
            while (cursor.Next())
            {
                Digest256 child = IndexKey.DigestOf(cursor.Key);
                BlockState? page = reader.State.Find(in child);
                bool isChild = page?.Sheet?.Parents.Value is { } parents &&
                    Array.Exists(parents, parent => parent.TryGetSha256(out Digest256 one) && one == digest);
                if (isChild) _ = children.Add(CidOf(in child, Look(in child, page), page));
            }

            return children.ToList();
        });
    }

    /// <summary>A block that is here and was not dropped.</summary>
    public BlockInfo? Look(in Digest256 digest) =>
        Look(in digest, reader.State.HasDrops ? reader.State.Find(in digest) : null);

    /// <summary>The same, where its page is at hand.</summary>
    public BlockInfo? Look(in Digest256 digest, BlockState? page)
    {
        if (page is { IsDropped: true, IsAlive: false }) return null;
        try
        {
            using RecordLease? lease = blocks.Find(digest);
            return lease?.Info;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // A caller that requests the block gets the error; it is not stored in any usable form.
            return null;
        }
    }

    public bool IsDeadNow(in Digest256 digest) =>
        reader.State.HasDrops && reader.State.Find(in digest) is { IsDropped: true, IsAlive: false };

    public StoredEntry Show(in Digest256 digest, BlockInfo? info, BlockState? page)
    {
        BlockMetadataState? sheet = page?.Sheet;
        bool isHeld = IsHeld(sheet);
        NodeHead? node = info is { } block ? NodeOf(in block) : null;
        CopyState? copy = info is null ? KnownCopy(sheet) : null;
        Cid cid = CidOf(in digest, info, page);
        return new StoredEntry
        {
            Cid = cid,
            Kind = node?.Kind ?? (BlockKind?)copy?.Kind ?? KindOf(info),
            IsPresent = info is not null,
            SchemaCid = info is { Kind: RecordKind.Batch or RecordKind.Schema } known
                ? Cid.FromSha256(Multicodec.Raw, known.SchemaDigest) : node?.Schema ?? copy?.Schema,
            Rows = info is { Kind: RecordKind.Batch } batch ? batch.Rows : node?.Rows ?? (long?)copy?.Rows ?? 0,
            BatchCount = node is { Kind: BlockKind.Dataset } whole ? BatchesOf(in whole) : null,
            DataByteLength = node is { Kind: BlockKind.Dataset } dataset ? dataset.DataByteLength : null,
            ByteLength = info?.Length ?? (int?)copy?.Bytes ?? 0,
            Created = info?.Time,
            LastPut = page is { LastPut: > 0 } ? TimeOf(page.LastPut) : info?.Time,
            Producer = sheet?.Producer.Value,
            Parents = sheet?.Parents.Value is { } parents ? Array.AsReadOnly(parents) : [],
            Names = reader.State.NamesOf(in digest, page) is { Count: > 0 } names ? [.. names] : [],
            IsPinned = isHeld || (sheet?.Pin.Value ?? false),
            HasPin = sheet?.Pin.Value ?? false,
            IsHeld = isHeld,
            Expires = ExpiryOf(page),
            Tags = sheet?.Tags ?? BlockMetadataState.NoTags,
            Locations = sheet?.Locations is { } locations ? Array.AsReadOnly(locations.All) : [],
            Copies = CopiesOf(sheet),
            Signed = sheet?.Signed is { } signed ? [.. signed.Keys] : [],
            SignersOf = sheet?.Signed is null ? null : pairs => Signers.Of(cid, pairs),
            Data = sheet?.Data.Value is { Kind: not IpldKind.Null } data ? data : null,
        };
    }

    /// <summary>What is known of a block from a copy elsewhere.</summary>
    private static CopyState? KnownCopy(BlockMetadataState? sheet) =>
        sheet?.Copies?.Values.FirstOrDefault(copy => copy.Value is not null).Value;

    /// <summary>The copies of a block at places.</summary>
    public static List<BlockCopy> CopiesOf(BlockMetadataState? sheet)
    {
        if (sheet?.Copies is null) return [];
        var copies = new List<BlockCopy>();
        foreach ((string place, LwwRegister<CopyState?> copy) in sheet.Copies)
        {
            if (copy.Value is not { } state) continue;
            (string form, Cid? storedAs) = BlockForm.Parse(state.Form);
            copies.Add(new BlockCopy { Place = place, Form = form, StoredAs = storedAs, Time = copy.Stamp.When });
        }

        return copies;
    }

    /// <summary>What the first members of a node of IPLD say; null where the block is none.</summary>
    public NodeHead? NodeOf(in BlockInfo info)
    {
        if (info.Kind != RecordKind.Raw || !NodeHead.IsNode(info.Codec)) return null;
        try
        {
            using RecordLease? lease = blocks.Find(info.Digest);
            return NodeHead.Read(info.Codec, lease is null ? [] : lease.Memory.Span);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return new NodeHead(BlockKind.Node);
        }
    }

    /// <summary>The number of a dataset's batches; null where a page is not here.</summary>
    private long? BatchesOf(in NodeHead dataset)
    {
        if (dataset.Pages is not { } pages) return dataset.BatchCount;
        long count = 0;
        foreach (Cid page in pages)
        {
            if (!page.TryGetSha256(out Digest256 digest)) return null;
            using RecordLease? lease = blocks.Find(digest);
            if (lease is null || NodeHead.BatchesOfPage(lease.Memory.Span) is not { } more) return null;
            count += more;
        }

        return count;
    }

    /// <summary>When a block is no longer needed; a put after that day ended it.</summary>
    public static DateTimeOffset? ExpiryOf(BlockState? page)
    {
        if (page?.Sheet?.Expires.Value is not { } milliseconds) return null;
        bool isOver = page.LastPut / 1_000_000 > milliseconds;
        return isOver ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds);
    }

    public bool IsHeld(BlockMetadataState? sheet)
    {
        if (sheet?.Holds is null) return false;
        // A byte that is free will never be locked again.
        sheet.EndHolds(blocks.Coordination.IsHeld);
        return sheet.Holds is not null;
    }

    private static Cid CidOf(in Digest256 digest, BlockInfo? info, BlockState? page) =>
        Cid.FromSha256(info?.Codec ?? page?.Sheet?.Codec ?? Multicodec.Raw, digest);

    public static BlockKind KindOf(BlockInfo? info) => info?.Kind switch
    {
        RecordKind.Batch => BlockKind.Batch,
        RecordKind.Schema => BlockKind.Schema,
        RecordKind.Raw => BlockKind.Raw,
        RecordKind.View => BlockKind.View,
        _ => BlockKind.Unknown,
    };

    private static DateTimeOffset TimeOf(ulong nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)Math.Min(nanoseconds / 100,
            (ulong)(DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks));
}
