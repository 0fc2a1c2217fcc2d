using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// The column manifests of blocks that this store copied elsewhere: a file of entries, each the SHA-256 of a block and
/// of its manifest (<c>Storage/FORMAT.md</c>). An entry is written by a process that has just hashed the whole block,
/// so that the manifest is believed later without it. The file is derived: what is lost is read as whole blocks. Safe
/// for concurrent use.
/// </summary>
internal sealed class ColumnTable(string directory)
{
    public const string FileName = "columns.v1";

    private const int EntryBytes = 72, DigestsBytes = 2 * Digest256.ByteCount, CheckAt = DigestsBytes;
    private const uint Mark = 0x314c4f43; // COL1
    private const int MostTries = 200;

    private readonly Lock _gate = new();
    private Dictionary<Digest256, Digest256> _manifests = [];
    private long _read;

    private string FilePath => Path.Combine(directory, FileName);

    /// <summary>Finds the CID of a block's column manifest.</summary>
    /// <returns>Null where it is not known.</returns>
    public Cid? Find(Cid block)
    {
        if (!block.TryGetSha256(out Digest256 digest)) return null;
        lock (_gate)
        {
            Refresh();
            return _manifests.TryGetValue(digest, out Digest256 manifest)
                ? Cid.FromSha256(Multicodec.DagCbor, manifest)
                : null;
        }
    }

    /// <summary>Adds manifests that were just made of their blocks.</summary>
    public void Add(IReadOnlyList<(Cid Block, Cid Manifest)> pairs)
    {
        lock (_gate)
        {
            Refresh();
            var entries = new MemoryStream();
            foreach ((Cid block, Cid manifest) in pairs)
            {
                bool isNew = block.TryGetSha256(out Digest256 digest) && manifest.TryGetSha256(out Digest256 node) &&
                    (!_manifests.TryGetValue(digest, out Digest256 known) || known != node);
                if (isNew) entries.Write(Encode(block, manifest));
            }

            if (entries.Length > 0) Append(entries);
        }
    }

    private static byte[] Encode(Cid block, Cid manifest)
    {
        byte[] entry = new byte[EntryBytes];
        _ = block.TryGetSha256(out Digest256 digest);
        _ = manifest.TryGetSha256(out Digest256 node);
        digest.CopyTo(entry);
        node.CopyTo(entry.AsSpan(Digest256.ByteCount));
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(CheckAt), StoreLayout.Crc(entry.AsSpan(..DigestsBytes)));
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(CheckAt + sizeof(uint)), Mark);
        return entry;
    }

    private void Append(MemoryStream entries)
    {
        try
        {
            using FileStream? file = OpenForWriting();
            if (file is null) return;
            // A process that was killed may have left a part of an entry.
            file.Position = file.Length / EntryBytes * EntryBytes;
            entries.WriteTo(file);
            file.SetLength(file.Position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is derived: without an entry the whole block is read.
        }
    }

    /// <summary>Opens the file for this process alone; null where another one writes for long.</summary>
    private FileStream? OpenForWriting()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        for (int tries = 0; tries < MostTries; tries++)
        {
            try
            {
                return new FileStream(FilePath, options);
            }
            catch (IOException) when (File.Exists(FilePath))
            {
                Thread.Sleep(1);
            }
        }

        return null;
    }

    /// <summary>Reads what was added since.</summary>
    private void Refresh()
    {
        try
        {
            using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete);
            if (file.Length < _read) (_manifests, _read) = ([], 0);
            file.Position = _read;
            byte[] entry = new byte[EntryBytes];
            while (file.ReadAtLeast(entry, EntryBytes, throwOnEndOfStream: false) == EntryBytes)
            {
                _read += EntryBytes;
                bool isWhole = BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(CheckAt + sizeof(uint))) == Mark &&
                    BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(CheckAt)) ==
                    StoreLayout.Crc(entry.AsSpan(..DigestsBytes));
                if (isWhole)
                {
                    _manifests[new Digest256(entry.AsSpan(..Digest256.ByteCount))] =
                        new Digest256(entry.AsSpan(Digest256.ByteCount, Digest256.ByteCount));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is none, or it may not be read.
        }
    }
}
