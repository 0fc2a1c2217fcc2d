using System.Collections;
using ArrowCid.Memory;

namespace ArrowCid.Ipld.Car;

/// <summary>
/// An archive that was read to its end: every block hashed, and where each lies. Blocks are read again from the stream,
/// which stays open and unchanged meanwhile. It takes some 200 bytes of memory a block.
/// </summary>
internal sealed class CarContents
{
    // A block is hashed in pieces of this size where it need not be decoded.
    private const int PieceBytes = 1 << 16;

    private readonly Stream _stream;
    private readonly List<CarSection> _blocks = [];
    private readonly Dictionary<Cid, int> _first = [];
    private readonly Dictionary<Multihash, int> _manifests = [];
    private readonly Dictionary<int, Cid> _batches = [];
    private readonly HashSet<int> _damaged = [];
    private readonly Sha256 _hash = new();
    private byte[] _piece = [];
    private byte[] _whole = [];

    private CarContents(Stream stream, CarReader reader)
    {
        _stream = stream;
        Report = new CarReport { Version = reader.Version, Roots = reader.Roots };
    }

    /// <summary>What was found.</summary>
    public CarReport Report { get; }

    /// <summary>The blocks in the order of the file.</summary>
    public IReadOnlyList<CarSection> Blocks => _blocks;

    /// <summary>Reads an archive whole.</summary>
    /// <param name="stream">It can seek.</param>
    /// <param name="zeroEnds">As for <see cref="CarReader"/>.</param>
    /// <param name="progress">Gets the bytes read so far, now and then; or null.</param>
    /// <param name="mayBeCut">Whether a file that ends inside a section is read up to that section
    /// (<see cref="CarReport.CutAt"/>); else that is an error.</param>
    /// <exception cref="InvalidCarException">It cannot be read to its end.</exception>
    public static CarContents Read(Stream stream, bool zeroEnds = false, Action<long>? progress = null,
        bool mayBeCut = false)
    {
        stream.Position = 0;
        var reader = new CarReader(stream, zeroEnds);
        var contents = new CarContents(stream, reader);
        using (var gathered = new GatheredHash(stream.Length, contents.Validate))
        {
            while (contents.TryRead(reader, mayBeCut, out CarSection section))
            {
                contents.Add(reader, section, gathered);
                progress?.Invoke(section.End);
            }

            gathered.Finish();
        }

        foreach (int index in contents._damaged.Order())
        {
            CarSection section = contents._blocks[index];
            contents.Report.AddFault($"the block does not hash to its CID, {section.Cid}", section.BlockOffset);
        }

        if (contents.Report.CutAt is null) contents.ReadIndex(reader);
        contents.Report.RootsMissing.AddRange(reader.Roots.Where(root => !contents.Has(root)));
        return contents;
    }

    /// <summary>Whether a block is in the archive, or in its own CID.</summary>
    public bool Has(Cid cid) => cid.Hash.Code == Multicodec.Identity || _first.ContainsKey(cid.ToV1());

    /// <summary>The block of a CID of either version; -1 where there is none.</summary>
    public int Find(Cid cid) => _first.TryGetValue(cid.ToV1(), out int index) ? index : -1;

    /// <summary>The column manifest of a block, where the archive has it; -1 where it has none.</summary>
    public int ManifestOf(Cid block) => _manifests.TryGetValue(block.Hash, out int index) ? index : -1;

    /// <summary>The batch of which a block is the column manifest; else the default. A place that has the batch has
    /// the manifest's pieces.</summary>
    public Cid BatchOf(int index) => _batches.GetValueOrDefault(index);

    /// <summary>Whether a block does not hash to its CID.</summary>
    public bool IsDamaged(int index) => _damaged.Contains(index);

    /// <summary>Reads a block's bytes again.</summary>
    public byte[] ReadBlock(int index)
    {
        CarSection section = _blocks[index];
        byte[] bytes = new byte[section.Length];
        ReadAt(section.BlockOffset, bytes);
        return bytes;
    }

    /// <summary>Reads bytes of the file. One thread at a time.</summary>
    public void ReadAt(long offset, Span<byte> target)
    {
        _stream.Position = offset;
        if (_stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) == target.Length) return;
        throw new InvalidCarException("the file has become shorter while it was read", offset);
    }

    /// <summary>Reads the bytes of several blocks, one after the other.</summary>
    public void ReadAt(IReadOnlyList<CarSection> blocks, Span<byte> target)
    {
        foreach (CarSection block in blocks)
        {
            ReadAt(block.BlockOffset, target[..block.Length]);
            target = target[block.Length..];
        }
    }

    /// <summary>The links of a block; none where it cannot be decoded.</summary>
    public List<IpldLink> LinksOf(int index)
    {
        var links = new List<IpldLink>();
        ulong codec = _blocks[index].Cid.Codec;
        if (codec is not (Multicodec.DagPb or Multicodec.DagCbor)) return links;
        try
        {
            IpldLinks.Collect(codec, ReadBlock(index), links);
        }
        catch (InvalidIpldException)
        {
            // Said when the block was read first.
        }

        return links;
    }

    /// <summary>The next section; where a cut is allowed, none that the file does not have whole.</summary>
    private bool TryRead(CarReader reader, bool mayBeCut, out CarSection section)
    {
        if (!mayBeCut) return reader.TryRead(out section);
        try
        {
            if (!reader.TryRead(out section)) return false;
            if (section.End <= _stream.Length) return true;
            Report.CutAt = section.Offset;
        }
        catch (InvalidCarException e) when (e.IsCutShort)
        {
            section = default;
            Report.CutAt = reader.SectionOffset;
        }

        return false;
    }

    private void Add(CarReader reader, CarSection section, GatheredHash gathered)
    {
        CarReport report = Report;
        int index = _blocks.Count;
        _blocks.Add(section);
        report.Bytes += section.Length;
        report.Sizes.Add(section.Length);
        if (!_first.TryAdd(section.Cid.ToV1(), index)) report.Duplicates++;
        bool isNode = section.Cid.Codec is Multicodec.DagPb or Multicodec.DagCbor;
        if (!IpldLinks.AreKnown(section.Cid.Codec)) report.Opaque++;
        if (!isNode && section.Cid.Hash.IsSha256)
        {
            // No memory is allocated for bytes that do not arrive.
            bool isStreamed = section.Length > GatheredHash.MaxMessage || section.End > _stream.Length;
            if (isStreamed) Validate(index, Hash(reader));
            else _ = reader.ReadContent(gathered.Add(index, section.Length));
            return;
        }

        HashVerification found = Verify(reader, section);
        if (found == HashVerification.Unverifiable) report.AddUnverifiable(section.Cid);
        else if (found == HashVerification.Mismatch) _ = _damaged.Add(index);
        if (isNode && found != HashVerification.Mismatch) Validate(section, index);
    }

    private void Validate(int index, Digest256 digest)
    {
        if (digest != _blocks[index].Cid.Hash.InlineDigest) _ = _damaged.Add(index);
    }

    private Digest256 Hash(CarReader reader)
    {
        if (_piece.Length == 0) _piece = new byte[PieceBytes];
        _hash.Reset();
        while (reader.ReadContent(_piece) is > 0 and int read) _hash.Append(_piece.AsSpan(0, read));
        return _hash.Finish();
    }

    private HashVerification Verify(CarReader reader, in CarSection section)
    {
        // The file has the bytes, or the reader reports that it does not before all of the memory is allocated.
        const int FirstStep = 1 << 16;
        int have = 0;
        while (have < section.Length)
        {
            int size = Math.Min(section.Length, Math.Max(FirstStep, 2 * have));
            if (_whole.Length < size) Array.Resize(ref _whole, size);
            have += reader.ReadContent(_whole.AsSpan(have, size - have));
        }

        return section.Cid.Hash.Verify(_whole.AsSpan(0, section.Length));
    }

    /// <summary>Whether a block of a codec that is read can be; and which block a column manifest is of.</summary>
    private void Validate(in CarSection section, int index)
    {
        ReadOnlySpan<byte> bytes = _whole.AsSpan(0, section.Length);
        try
        {
            IpldLinks.Collect(section.Cid.Codec, bytes, []);
            if (section.Cid.Codec != Multicodec.DagCbor || bytes.IndexOf("arrowcid/columns"u8) < 0) return;
            // Strictly, so that a manifest that breaks a rule is reported.
            IpldNode node = DagCbor.Decode(bytes);
            if (ManifestNode.KindOf(node) != ColumnManifest.Kind) return;
            Cid batch = ColumnManifest.Decode(node).Cid;
            _ = _manifests.TryAdd(batch.Hash, index);
            _batches[index] = batch;
        }
        catch (InvalidIpldException e)
        {
            Report.AddMalformed($"{section.Cid}: {e.Message}", section.BlockOffset + Math.Max(0, e.Offset));
        }
    }

    private void ReadIndex(CarReader reader)
    {
        var indexed = new BitArray(_blocks.Count);
        int wrong = 0, entries = 0;
        string? fault = reader.ReadIndex((code, digest, offset) =>
        {
            entries++;
            int at = BlockAt(reader.PayloadOffset + (long)offset);
            bool isRight = at >= 0 && (code is null || code == _blocks[at].Cid.Hash.Code);
            if (isRight)
            {
                Multihash hash = _blocks[at].Cid.Hash;
                isRight = hash.Digest.SequenceEqual(digest);
            }

            if (isRight) indexed[_first[_blocks[at].Cid.ToV1()]] = true;
            else wrong++;
        });
        CarReport report = Report;
        report.HasIndex = fault is not null || entries > 0;
        report.IndexFault = fault;
        if (fault is not null || entries == 0) return;
        int missing = 0;
        foreach ((Cid cid, int index) in _first)
        {
            bool isWanted = cid.Hash.Code != Multicodec.Identity || reader.IsFullyIndexed;
            if (isWanted && !indexed[index]) missing++;
        }

        if (wrong > 0) report.IndexFault = $"{wrong} of its {entries} entries lead to no such block";
        else if (missing > 0) report.IndexFault = $"{missing} blocks are not in it";
    }

    private int BlockAt(long offset)
    {
        int from = 0, to = _blocks.Count - 1;
        while (from <= to)
        {
            int middle = (from + to) / 2;
            int order = _blocks[middle].Offset.CompareTo(offset);
            if (order == 0) return middle;
            if (order < 0) from = middle + 1;
            else to = middle - 1;
        }

        return -1;
    }
}
