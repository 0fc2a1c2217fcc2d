using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>A store with every kind of file, closed, and what it holds, to be damaged.</summary>
internal sealed class DamagedStore : IDisposable
{
    private const int Small = 30;
    private const int Bytes = 60_000;
    private const int LargeBytes = 1_500_000;

    private readonly Dictionary<Cid, byte[]> _blocks = [];
    private readonly Cid _removed;

    public DamagedStore(bool isMemory)
    {
        Directory = Make(isMemory);
        _removed = Fill(Directory, first: 0, _blocks);
    }

    public string Directory { get; }

    /// <summary>The library's sources, for the texts beside them.</summary>
    public static string Sources { get; } = FindSources();

    public static Digest256 DigestOf(Cid cid)
    {
        Assert.True(cid.TryGetSha256(out Digest256 digest));
        return digest;
    }

    public CidStore Open(bool readOnly = false) => Open(Directory, readOnly);

    public IReadOnlyList<StoreFinding> Examine() => StoreDoctor.Examine(Directory, OpenBlocks);

    public void Repair() => StoreDoctor.Repair(Directory, Examine(), OpenBlocks);

    public string[] Names() => [.. System.IO.Directory.GetFiles(Directory).Select(path => Path.GetFileName(path))
        .Order(StringComparer.Ordinal)];

    public string PathOf(string file) => PathOf(Directory, file);

    /// <summary>The blocks that stand in a segment.</summary>
    public Digest256[] DigestsOf(string file) => file is "data" or "newest data" or "large"
        ? [.. SegmentBytes.Records(File.ReadAllBytes(PathOf(file))).Where(one => one.Header.IsBlock)
            .Select(one => one.Header.Digest)]
        : [];

    public void Damage(string file, string what)
    {
        string path = PathOf(file);
        long length = new FileInfo(path).Length;
        switch (what)
        {
            case "removed": File.Delete(path); break;
            case "emptied": SetLength(path, 0); break;
            case "cut short": SetLength(path, EndOf(path, length) / 2); break;
            case "replaced":
                string other = Make(isMemory: false);
                _ = Fill(other, first: 1000, []);
                File.WriteAllBytes(path, File.ReadAllBytes(PathOf(other, file)));
                System.IO.Directory.Delete(other, recursive: true);
                break;
            case "entry":
                // All: the first one may be that of a block that lies in two places, or is dropped.
                foreach (long at in Entries(path)) Flip(path, at + 3);
                break;
            default: Flip(path, PlaceOf(path, file, what, length)); break;
        }
    }

    /// <summary>Whatever is there reads as it was put, or is an error with a code.</summary>
    public void ReadAll()
    {
        Guard(() =>
        {
            using CidStore store = CidStore.Open(Directory,
                new CidStoreOptions { CreateIfMissing = false, ReadOnly = true, Verify = VerifyMode.Always });
            foreach ((Cid cid, byte[] bytes) in _blocks)
            {
                Guard(() =>
                {
                    var copy = new MemoryStream();
                    if (store.Transfer.TryCopyTo(cid, copy)) Assert.Equal(bytes, copy.ToArray());
                });
            }

            Guard(() => _ = store.List().Count());
            Guard(() => _ = store.Query().Count());
            Guard(() => _ = store.Names.List().Count);
        });
    }

    public Cid[] LostBlocks()
    {
        using CidStore store = Open(readOnly: true);
        Assert.All(store.Diagnostics.VerifyAll(),
            result => Assert.True(result.IsIntact, $"{result.Location}: {result.Error}"));
        Cid[] lost = [.. _blocks.Keys.Where(cid => store.Reading.ReadBlock(cid) is not { } bytes ||
            !bytes.AsSpan().SequenceEqual(_blocks[cid]))];
        // Entries say the same as look-ups.
        HashSet<Cid> entries = [.. store.Query().Select(entry => entry.Cid)];
        Assert.Equal(_blocks.Keys.Where(entries.Contains).Order(), _blocks.Keys.Except(lost).Order());
        return lost;
    }

    public string[] LostFacts()
    {
        using CidStore store = Open(readOnly: true);
        var lost = new List<string>();
        foreach ((Cid cid, int number) in _blocks.Keys.Select((cid, number) => (cid, number)))
        {
            if (store.Metadata.Get(cid)?.Tags.GetValueOrDefault("n") != $"{number}") lost.Add($"tag of {cid}");
        }

        if (store.Names.Resolve("name") != _blocks.Keys.First()) lost.Add("name");
        if (store.Metadata.Get(_removed)?.IsPresent == true) lost.Add("drop");
        return [.. lost];
    }

    public void PutAgain(IEnumerable<Cid> lost)
    {
        using CidStore store = Open();
        foreach (Cid cid in lost)
        {
            PutResult put = store.PutRaw(_blocks[cid]);
            Assert.Equal((cid, true), (put.Cid, put.IsNew));
        }

        Assert.True(store.PutRaw(StoreCalls.Numbered(9_999_999)).IsNew);
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private static string Make(bool isMemory) => isMemory
        ? System.IO.Directory.CreateDirectory($"/dev/shm/arrowcid-test-{Guid.NewGuid():n}").FullName
        : System.IO.Directory.CreateTempSubdirectory("arrowcid-test-").FullName;

    /// <summary>Two segments of data, one of facts, one of a large block, and the registry's index.</summary>
    private static Cid Fill(string directory, int first, Dictionary<Cid, byte[]> blocks)
    {
        BlockStore.Open(directory, TemporaryStore.Small).Dispose();
        using CidStore store = Open(directory, readOnly: false);
        for (int i = 0; i <= Small; i++)
        {
            byte[] bytes = StoreCalls.Numbered(first + i, i == Small / 2 ? LargeBytes : Bytes);
            Cid cid = store.PutRaw(bytes).Cid;
            blocks.Add(cid, bytes);
            store.Metadata.Set(cid, new BlockMetadata { Tags = new Dictionary<string, string?> { ["n"] = $"{i}" } });
        }

        _ = store.Names.Set("name", blocks.Keys.First());
        Cid removed = store.PutRaw(StoreCalls.Numbered(first + 500)).Cid;
        Assert.Single(store.Retention.Remove([removed]).Removed);
        Assert.True(store.Maintenance.Checkpoint());
        return removed;
    }

    private static CidStore Open(string directory, bool readOnly) => CidStore.Open(directory,
        new CidStoreOptions { CreateIfMissing = false, ReadOnly = readOnly, Timeout = TimeSpan.FromSeconds(20) });

    private static CidStore OpenBlocks(string directory, bool forWriting, out BlockStore blocks)
    {
        CidStore store = Open(directory, !forWriting);
        blocks = store.Blocks;
        return store;
    }

    private static string PathOf(string directory, string file)
    {
        string[] paths = [.. System.IO.Directory.GetFiles(directory).Order(StringComparer.Ordinal)];
        string Only(string start) => paths.Single(path =>
            Path.GetFileName(path).StartsWith(start, StringComparison.Ordinal));
        IEnumerable<string> Segments(SegmentKind kind) => paths.Where(path =>
            Path.GetFileName(path).StartsWith("seg-", StringComparison.Ordinal) && KindOf(path) == kind);
        return file switch
        {
            "control" => Only(StoreLayout.ControlName),
            "index" => Only("idx-"),
            "manifest" => Only("reg.v1"),
            "run" => Only("reg-"),
            "wait" => Only(StoreLayout.WaitName),
            "data" => Segments(SegmentKind.Data).First(),
            "newest data" => Segments(SegmentKind.Data).Last(),
            "facts" => Segments(SegmentKind.Facts).Single(),
            "large" => Segments(SegmentKind.Jumbo).Single(),
            _ => throw new ArgumentOutOfRangeException(nameof(file), file, "no such file"),
        };
    }

    private static SegmentKind KindOf(string path)
    {
        var half = new byte[StoreLayout.SegmentHeaderBytes];
        using FileStream file = File.OpenRead(path);
        file.ReadExactly(half);
        return SegmentHeader.Read(half)!.Kind;
    }

    private static long PlaceOf(string path, string file, string what, long length)
    {
        switch (what)
        {
            case "last byte": return length - 1;
            case "superblock": return 104;
            case "superblock's checksum": return 4092;
            // The generation of the first segment.
            case "table": return StoreLayout.TableOffset + 1;
            case "header's checksum": return 2040;
            case "committed end": return StoreLayout.SegmentCommitted;
            case "header": return file switch { "manifest" or "run" => 9, "wait" => 200, _ => 40 };
            case "payload" when file == "manifest": return length / 2;
            case "payload" when file == "run": return 4096 + 100;
        }

        List<(long Offset, RecordHeader Header)> records = SegmentBytes.Records(File.ReadAllBytes(path));
        (long at, _) = records[file == "large" ? 0 : 3];
        return what switch
        {
            "record header" => at + 40,
            "payload" => at + StoreLayout.RecordHeaderBytes + 20,
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, $"no such damage of {file}"),
        };
    }

    /// <summary>Of a segment the end of what stands in it.</summary>
    private static long EndOf(string path, long length) =>
        !Path.GetFileName(path).StartsWith("seg-", StringComparison.Ordinal) ? length
            : BinaryPrimitives.ReadInt64LittleEndian(
                File.ReadAllBytes(path).AsSpan((int)StoreLayout.SegmentCommitted, sizeof(long)));

    private static List<long> Entries(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        var places = new List<long>();
        for (long at = StoreLayout.IndexEntries; at + sizeof(ulong) <= bytes.Length; at += sizeof(ulong))
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((int)at)) != 0) places.Add(at);
        }

        return places;
    }

    private static void Flip(string path, long at)
    {
        using FileStream file = File.Open(path, FileMode.Open);
        file.Position = at;
        int before = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(before ^ 0x21));
    }

    private static void SetLength(string path, long length)
    {
        using FileStream file = File.Open(path, FileMode.Open);
        file.SetLength(length);
    }

    private static void Guard(Action use)
    {
        try
        {
            use();
        }
        catch (ArrowCidException e)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    private static string FindSources([CallerFilePath] string thisFile = "") => Path.GetFullPath(
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "..", "src", "ArrowCid"));
}
