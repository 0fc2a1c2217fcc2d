using System.Buffers.Binary;
using System.Text;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// Where the next sync with each other store begins: a file beside the log (<c>Storage/FORMAT.md</c>), so that the log
/// is not searched for it. It is derived of facts of kind 13. An older entry is as right as a newer one, with more to
/// compare; without one, the log is searched.
/// </summary>
internal sealed class SyncTable(string directory)
{
    public const string FileName = "syncs.v1";

    private const int IdBytes = 16, HeadBytes = IdBytes + (2 * sizeof(ushort)), MostPeers = 1024, MostBytes = 8 << 20;

    private string FilePath => Path.Combine(directory, FileName);

    /// <summary>Finds the last sync with a store; null where it is not known.</summary>
    public SyncFact? Find(Guid peer) => Read().Find(sync => sync.Peer == peer);

    /// <summary>Records a sync that was recorded as a fact.</summary>
    public void Set(SyncFact sync)
    {
        List<SyncFact> all = Read();
        _ = all.RemoveAll(one => one.Peer == sync.Peer);
        all.Insert(0, sync);
        byte[] entries = [.. all.Take(MostPeers).SelectMany(Encode)];
        string temporary = $"{FilePath}{StoreLayout.TemporaryMark}{Guid.NewGuid():N}";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new FileStream(temporary, options))
            {
                Span<byte> crc = stackalloc byte[sizeof(uint)];
                BinaryPrimitives.WriteUInt32LittleEndian(crc, StoreLayout.Crc(entries));
                file.Write(crc);
                file.Write(entries);
            }

            File.Move(temporary, FilePath, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is derived: without an entry the log is searched.
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }

    private static byte[] Encode(SyncFact sync)
    {
        byte[] cursor = Encoding.UTF8.GetBytes(sync.Cursor), fence = Encoding.UTF8.GetBytes(sync.Fence);
        var head = new byte[HeadBytes];
        _ = sync.Peer.TryWriteBytes(head, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(IdBytes), (ushort)cursor.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(IdBytes + sizeof(ushort)), (ushort)fence.Length);
        return [.. head, .. cursor, .. fence];
    }

    private List<SyncFact> Read()
    {
        var all = new List<SyncFact>();
        ReadOnlySpan<byte> bytes = Bytes();
        if (bytes.Length < sizeof(uint) ||
            BinaryPrimitives.ReadUInt32LittleEndian(bytes) != StoreLayout.Crc(bytes[sizeof(uint)..])) return all;
        bytes = bytes[sizeof(uint)..];
        while (bytes.Length >= HeadBytes)
        {
            int cursor = BinaryPrimitives.ReadUInt16LittleEndian(bytes[IdBytes..]),
                fence = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(IdBytes + sizeof(ushort))..]);
            if (bytes.Length < HeadBytes + cursor + fence) break;
            all.Add(new SyncFact(new Guid(bytes[..IdBytes], bigEndian: true),
                Encoding.UTF8.GetString(bytes.Slice(HeadBytes, cursor)),
                Encoding.UTF8.GetString(bytes.Slice(HeadBytes + cursor, fence))));
            bytes = bytes[(HeadBytes + cursor + fence)..];
        }

        return all;
    }

    private byte[] Bytes()
    {
        try
        {
            using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > MostBytes) return [];
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is none, or it may not be read.
            return [];
        }
    }
}
