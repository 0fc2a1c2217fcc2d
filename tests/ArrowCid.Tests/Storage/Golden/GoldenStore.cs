using System.Formats.Tar;
using System.IO.Compression;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>
/// The store of Data/golden-store-v1, made once by the version that its name says. Every later version must open it;
/// it is never made again for that version.
/// </summary>
internal static class GoldenStore
{
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "Data", "golden-store-v1");

    public static void Extract(string directory)
    {
        using FileStream file = File.OpenRead(Path.Combine(Folder, "store.tar.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(gzip, directory, overwriteFiles: false);
    }

    public static string Line(in BlockInfo info) =>
        $"{info.Digest},{info.Kind},0x{info.Codec:x},{info.SchemaDigest},{info.Rows},{info.Length},{info.Flags}," +
        $"{info.Time.ToUnixTimeMilliseconds()}";

    /// <summary>Makes a store with a record of every kind, two lanes, a sealed segment and one of its own for a large
    /// block.</summary>
    public static void Make(string directory)
    {
        var settings = TemporaryStore.Small with { Capacity = 24 << 20, InitialIndexEntries = 256 };
        Digest256 schema, parent;
        using (BlockStore store = BlockStore.Open(directory, settings))
        using (BlockStore second = BlockStore.Open(directory, settings))
        {
            _ = store.Put(RecordKind.Schema, 0x0129, new BytesSource(StoreCalls.Numbered(1, 456)), default, 0,
                RecordFlags.OwnEncoder, out BlockInfo info);
            schema = info.Digest;
            for (int i = 2; i < 8; i++)
            {
                var source = new BytesSource(new byte[i * 1000]);
                _ = store.Put(RecordKind.Batch, 0x0129, source, schema, i, RecordFlags.OwnEncoder, out _);
            }

            parent = store.PutRaw(StoreCalls.Numbered(9, 1000));
            _ = second.PutRaw(StoreCalls.Numbered(10, 77));
            _ = second.PutRaw(StoreCalls.Numbered(9, 1000));
            for (int i = 0; i < 3; i++) _ = second.PutRaw(Repeated((byte)i, 400_000));
            _ = second.PutRaw(Repeated(7, 2 << 20));
            _ = second.PutRaw([]);
            PutWithPad(store);
        }

        AppendViewAndFact(directory, settings, parent);
    }

    private static byte[] Repeated(byte value, int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static void PutWithPad(BlockStore store)
    {
        using var isLate = new ManualResetEventSlim();
        Task? later = null;
        var failing = new ActingSource(StoreCalls.Numbered(20), () =>
        {
            var source = new ActingSource(StoreCalls.Numbered(21), isLate.Set);
            later = Task.Run(() => store.Put(RecordKind.Raw, 0x55, source, default, 0, RecordFlags.None, out _));
            isLate.Wait();
            throw new InvalidDataException("of the golden store");
        });
        Assert.Throws<InvalidDataException>(() =>
            store.Put(RecordKind.Raw, 0x55, failing, default, 0, RecordFlags.None, out _));
        later!.GetAwaiter().GetResult();
    }

    /// <summary>What this version reads and walks but does not write yet, in lane 0.</summary>
    private static void AppendViewAndFact(string directory, StoreSettings settings, Digest256 parent)
    {
        ControlFile control = StoreOpening.Open(directory, settings, out _);
        using var segments = new SegmentSet(control);
        var index = new BlockIndex(control, segments);
        SegmentAccess access = SegmentSet.TryOpen(control, 0, control.Table(0), writable: true, out Segment? data);
        Assert.Equal(SegmentAccess.Ready, access);
        var walk = new LogWalk(data!);
        while (walk.MoveNext())
        {
            // To the last record.
        }

        var view = new RecordHeader
        {
            PayloadLength = 100,
            Kind = (ushort)RecordKind.View,
            Codec = 0x55,
            Digest = Sha256.Hash(StoreCalls.Numbered(9, 1000).AsSpan(200, 100)),
            SchemaDigest = parent,
            Rows = 200,
            Sequence = walk.Record.Sequence + 1,
            TimeNanoseconds = walk.Record.TimeNanoseconds,
            PreviousCrc = walk.Record.Crc,
        };
        Append(data!, ref view, []);
        ulong hash = index.Hash(in view.Digest);
        var entry = new IndexEntry(hash, 0, data!.Generation, data.Committed - 128);
        Assert.True(index.TryPublish(index.Files.Current!, in view.Digest, hash, entry, replace: true));
        Segment facts = new SegmentAllocator(control, segments, index, settings.Timeout)
            .Create(0, SegmentKind.Facts, 1 << 20, view.Sequence + 1);
        byte[] none = [0x80];
        var fact = new RecordHeader
        {
            PayloadLength = 1,
            Kind = (ushort)RecordKind.Fact,
            Codec = 0x71,
            Digest = Sha256.Hash(none),
            Sequence = view.Sequence + 1,
            TimeNanoseconds = view.TimeNanoseconds,
            PreviousCrc = facts.Header.Crc,
        };
        Append(facts, ref fact, none);
        data.Release();
        facts.Release();
        control.Dispose();
    }

    private static void Append(Segment segment, ref RecordHeader header, byte[] payload)
    {
        long offset = segment.Committed;
        segment.Map.CopyFrom(payload, offset + 128);
        header.WriteTo(segment, offset);
        segment.Map.Write(StoreLayout.SegmentLastRecord, (ulong)offset);
        segment.Map.Write(StoreLayout.SegmentCommitted, (ulong)(offset + header.Extent));
    }
}
