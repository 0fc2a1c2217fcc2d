using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backup;

/// <summary>One increment: a CAR whose only root is a manifest. Blocks are read where they lie in the stream, which
/// stays open and unchanged meanwhile.</summary>
internal sealed class BackupFile
{
    private const int PieceBytes = 1 << 16;

    private readonly Stream _stream;
    private readonly Dictionary<Digest256, (long Offset, int Length)> _places = [];

    private BackupFile(Stream stream) => _stream = stream;

    public Cid Root { get; private init; }

    public BackupManifest Manifest { get; private set; } = null!;

    public List<BackupPage> Pages { get; } = [];

    /// <summary>The digests of all blocks in it.</summary>
    public IReadOnlyCollection<Digest256> Digests => _places.Keys;

    public long ByteLength => _stream.Length;

    /// <summary>Reads where all lies.</summary>
    /// <param name="stream">It can seek.</param>
    /// <param name="isProved">Whether every block is hashed; else only manifest and pages are.</param>
    /// <param name="progress">Gets the bytes passed, now and then.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it is no increment, or
    /// damaged.</exception>
    public static BackupFile Open(Stream stream, bool isProved, Action<long>? progress)
    {
        stream.Position = 0;
        var reader = new CarReader(stream);
        if (reader.Roots is not [{ Codec: Multicodec.DagCbor } root])
            throw Refused("it has no root that is a manifest; it is no backup");
        var file = new BackupFile(stream) { Root = root.ToV1() };
        var hash = new Sha256();
        byte[] piece = new byte[PieceBytes];
        while (reader.TryRead(out CarSection section))
        {
            if (!section.Cid.TryGetSha256(out Digest256 digest))
                throw Refused($"{section.Cid} is under another hash than SHA-256");
            _ = file._places.TryAdd(digest, (section.BlockOffset, section.Length));
            if (isProved)
            {
                hash.Reset();
                while (reader.ReadContent(piece) is > 0 and int read) hash.Append(piece.AsSpan(0, read));
                if (hash.Finish() != digest) throw Refused($"{section.Cid} is damaged, byte {section.BlockOffset}");
            }

            progress?.Invoke(section.End);
        }

        try
        {
            file.Manifest = BackupManifest.Decode(DagCbor.Decode(file.Read(file.Root)));
            foreach (Cid page in file.Manifest.Pages)
                file.Pages.Add(BackupPage.Decode(DagCbor.Decode(file.Read(page))));
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"its manifest cannot be read: {e.Message}", e);
        }

        return file;
    }

    public bool TryGetLength(in Digest256 digest, out int length)
    {
        bool isHere = _places.TryGetValue(digest, out (long Offset, int Length) place);
        length = place.Length;
        return isHere;
    }

    /// <summary>Reads a block, which is not hashed.</summary>
    public void ReadInto(in Digest256 digest, Span<byte> target)
    {
        _stream.Position = _places[digest].Offset;
        if (_stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw Refused("it has become shorter while it was read");
    }

    /// <summary>Reads a block and hashes it.</summary>
    public byte[] Read(Cid cid)
    {
        if (!cid.TryGetSha256(out Digest256 digest) || !TryGetLength(in digest, out int length))
            throw Refused($"{cid} is missing");
        if (length > CarFormat.MaxSectionBytes) throw Refused($"{cid} has {length} bytes");
        byte[] bytes = new byte[length];
        ReadInto(in digest, bytes);
        return Sha256.Hash(bytes) == digest ? bytes : throw Refused($"{cid} is damaged");
    }

    private static ArrowCidException Refused(string why) => new(ErrorCode.InvalidData, $"the backup is refused: {why}");
}
