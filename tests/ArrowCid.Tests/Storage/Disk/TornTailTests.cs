using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>Every prefix of the last record, as a killed writer (its committed word set back) or a lost power (another
/// boot, and no stamp) leaves it.</summary>
[Collection(FileSeamTests.Name)]
public sealed class TornTailTests
{
    private const int Payload = 203;
    private const int Whole = 3;

    // Not (false, true): another owner trusts what was committed, so only a power loss can tear that.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_torn_last_record_is_dropped_and_the_log_stays_writable(bool isLostPower, bool isCommitted)
    {
        using var disk = new DiskSeam();
        List<Digest256> digests;
        byte[] index;
        using (BlockStore store = disk.Open())
        {
            digests = Enumerable.Range(0, Whole).Select(i => store.PutRaw(Block(i))).ToList();
            // A torn record was never indexed.
            index = File.ReadAllBytes(disk.PathOf("idx-1"));
            digests.Add(store.PutRaw(Block(Whole)));
        }

        Dictionary<string, byte[]> files = Directory.GetFiles(disk.Directory).ToDictionary(path => path,
            File.ReadAllBytes);
        string segment = disk.PathOf("seg-0000-00000001");
        (long offset, RecordHeader last) = SegmentBytes.Records(files[segment])[Whole];
        for (int kept = 0; kept <= last.Extent; kept += 8)
        {
            byte[] torn = files[segment].ToArray();
            torn.AsSpan((int)offset + kept).Clear();
            if (!isCommitted) BinaryPrimitives.WriteInt64LittleEndian(torn.AsSpan(2048), offset);
            foreach ((string path, byte[] bytes) in files) Overwrite(path, path == segment ? torn : bytes);
            Overwrite(disk.PathOf("idx-1"), index);
            ClearStamp(disk);
            // All bytes that are not zeros anyway.
            bool isWhole = kept >= StoreLayout.RecordHeaderBytes + Payload;
            using (BlockStore store = isLostPower ? disk.OpenAfterBoot() : disk.Open())
                CheckAndGoOn(store, digests, isWhole, kept);
            Remove(disk, files);
        }
    }

    private static void CheckAndGoOn(BlockStore store, List<Digest256> digests, bool isWhole, int kept)
    {
        Digest256 next = store.PutRaw(Block(50));
        Assert.True(isWhole == (store.Read(digests[Whole]) is not null), $"{kept} bytes");
        List<Digest256> expected = [.. digests.Take(isWhole ? Whole + 1 : Whole), next];
        Assert.Equal(expected, store.Listing.List().Select(info => info.Digest));
        Assert.Equal(!isWhole, store.PutRaw(Block(Whole), out Digest256 again));
        Assert.Equal(Block(Whole), store.Read(again));
    }

    private static void ClearStamp(DiskSeam disk)
    {
        byte[] control = File.ReadAllBytes(disk.PathOf("ctl.v1"));
        control.AsSpan((int)StoreLayout.CleanStamp, 8).Clear();
        Overwrite(disk.PathOf("ctl.v1"), control);
    }

    /// <summary>What came since; the control file must stay the same file.</summary>
    private static void Remove(DiskSeam disk, Dictionary<string, byte[]> files)
    {
        foreach (string path in Directory.GetFiles(disk.Directory))
        {
            if (!files.ContainsKey(path)) File.Delete(path);
        }

        FileIdentity.Adopt(disk.PathOf("ctl.v1"), files[disk.PathOf("ctl.v1")]);
    }

    private static void Overwrite(string path, byte[] bytes)
    {
        using FileStream file = File.OpenWrite(path);
        file.Write(bytes);
    }

    private static byte[] Block(int number) => StoreCalls.Numbered(number, Payload);
}

/// <summary>Makes a control file believe that it is the file that it was made as.</summary>
internal static class FileIdentity
{
    /// <summary>Writes a file's inode and time of birth into the bytes of a superblock.</summary>
    public static void Adopt(string path, Span<byte> control)
    {
        Assert.Equal(0, FileDescriptor.StatPath(path, out FileStatus status));
        BinaryPrimitives.WriteUInt64LittleEndian(control[240..], status.Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(control[248..], status.BirthNanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(control[4092..], StoreLayout.Crc(control[..4088]));
    }
}
