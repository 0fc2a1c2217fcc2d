using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using Microsoft.Win32.SafeHandles;

namespace ArrowCid.Tests.Storage;

/// <summary>
/// A small store whose bytes are changed and put back, over and over. Small changes are undone one by one; after a
/// writer was let at them every file is made again what it was.
/// </summary>
internal sealed class HostileStore : IDisposable
{
    // What readers and the opening of a sound store write lies below this.
    private const int Written = 128 << 10;

    public static readonly StoreSettings Settings = new()
    {
        Capacity = 8 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromMilliseconds(1),
        InitialIndexEntries = 64,
        TickInterval = TimeSpan.FromDays(1),
    };

    private readonly Dictionary<string, byte[]> _good = [];
    private readonly Dictionary<string, SafeFileHandle> _files = [];
    private readonly List<(string Name, long Offset, byte[] Bytes)> _undo = [];
    private readonly byte[] _rest = new byte[1 << 20];
    private ulong _inode;

    public HostileStore()
    {
        // Hundreds of thousands of rounds belong in memory, where there is some.
        const string Shared = "/dev/shm";
        Directory = System.IO.Directory.Exists(Shared)
            ? $"{Shared}/arrowcid-test-{Guid.NewGuid():n}"
            : System.IO.Directory.CreateTempSubdirectory("arrowcid-test-").FullName;
        using (BlockStore store = Open()) Fill(store);
        using (CidStore store = CidStore.Open(Directory)) Say(store);
        foreach (string path in System.IO.Directory.GetFiles(Directory))
        {
            string name = Path.GetFileName(path);
            _good[name] = File.ReadAllBytes(path);
            _files[name] = OpenFile(name);
            if (!name.StartsWith("seg", StringComparison.Ordinal)) continue;
            foreach ((long offset, RecordHeader header) in SegmentBytes.Records(_good[name]))
                Records.Add((name, offset, header));
        }

        Names = [.. _good.Keys.Order(StringComparer.Ordinal)];
        _inode = Inode();
    }

    public string Directory { get; }

    public IReadOnlyList<string> Names { get; }

    public List<Digest256> Digests { get; } = [];

    public IReadOnlyList<Cid> Cids => [.. Digests.Select(digest => Cid.FromSha256(TemporaryStore.RawCodec, digest))];

    /// <summary>Every record as it was before any change.</summary>
    public List<(string Segment, long Offset, RecordHeader Header)> Records { get; } = [];

    public BlockStore Open(bool readOnly = false) =>
        BlockStore.Open(Directory, Settings with { ReadOnly = readOnly });

    /// <summary>The unchanged bytes of a file.</summary>
    public ReadOnlySpan<byte> Good(string name) => _good[name];

    /// <summary>Bytes of a file as they are now.</summary>
    public byte[] Read(string name, long offset, int length)
    {
        var bytes = new byte[length];
        Assert.Equal(length, RandomAccess.Read(_files[name], bytes, offset));
        return bytes;
    }

    /// <summary>Changes a file in place, for whoever has it mapped too.</summary>
    public void Write(string name, long offset, ReadOnlySpan<byte> bytes)
    {
        _undo.Add((name, offset, Read(name, offset, bytes.Length)));
        RandomAccess.Write(_files[name], bytes, offset);
    }

    public void Write64(string name, long offset, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Write(name, offset, bytes);
    }

    public void Write32(string name, long offset, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Write(name, offset, bytes);
    }

    /// <summary>Takes back what <see cref="Write"/> did.</summary>
    public void Undo()
    {
        for (int i = _undo.Count - 1; i >= 0; i--)
        {
            (string name, long offset, byte[] bytes) = _undo[i];
            RandomAccess.Write(_files[name], bytes, offset);
        }

        _undo.Clear();
    }

    /// <summary>Makes every file what it was, whatever a writer did.</summary>
    public void Restore()
    {
        _undo.Clear();
        foreach (string path in System.IO.Directory.GetFiles(Directory))
        {
            if (!_good.ContainsKey(Path.GetFileName(path))) File.Delete(path);
        }

        foreach (string name in Names)
        {
            byte[] good = _good[name];
            // A writer may have put another file in its place.
            _files[name].Dispose();
            _files[name] = OpenFile(name);
            if (RandomAccess.GetLength(_files[name]) != good.Length)
                RandomAccess.SetLength(_files[name], good.Length);
            bool isSegment = name.StartsWith("seg", StringComparison.Ordinal);
            RandomAccess.Write(_files[name], isSegment ? good.AsSpan(0, Written) : good, 0);
            if (!isSegment) continue;
            // The rest was zero and hardly ever is not.
            Span<byte> rest = _rest.AsSpan(0, good.Length - Written);
            _ = RandomAccess.Read(_files[name], rest, Written);
            if (rest.ContainsAnyExcept((byte)0)) RandomAccess.Write(_files[name], good.AsSpan(Written), Written);
        }

        ulong inode = Inode();
        if (inode == _inode) return;
        // A rebuilt control file is another file: it has to know itself.
        _inode = inode;
        using FileDescriptor? folder = FileDescriptor.TryOpenDirectory(Directory, out _);
        Assert.Equal(0, folder!.StatFile(StoreLayout.ControlName, out FileStatus control));
        byte[] page = _good[StoreLayout.ControlName];
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(240), control.Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(248), control.BirthNanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(4092), StoreLayout.Crc(page.AsSpan(0, 4088)));
        RandomAccess.Write(_files[StoreLayout.ControlName], page.AsSpan(0, 4096), 0);
    }

    public void Dispose()
    {
        foreach (SafeFileHandle file in _files.Values) file.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private void Fill(BlockStore store)
    {
        for (int i = 0; i < 24; i++) Digests.Add(store.PutRaw(StoreCalls.Numbered(i, 4 + (i * 50))));
        _ = store.PutRaw(StoreCalls.Numbered(3, 154));
    }

    /// <summary>Facts of every kind, in a chain of their own.</summary>
    private void Say(CidStore store)
    {
        for (int i = 0; i < 6; i++)
        {
            Cid cid = Cids[i];
            store.Metadata.Set(cid, new BlockMetadata
            {
                Tags = new Dictionary<string, string?> { ["day"] = $"2026-11-2{i}", ["place"] = "here" },
                Producer = "hostile",
                Parents = [Cids[i + 1]],
                Json = """{"a":[1,2,{"b":null}]}""",
                Locations = ["https://example.org/x"],
                Expires = DateTimeOffset.UnixEpoch.AddYears(90),
            });
            _ = store.Names.Set($"name-{i % 3}", cid);
            if (i % 2 == 0) store.Retention.Pin(cid);
        }

        _ = store.Retention.Unpin(Cids[0]);
        _ = store.Retention.Remove([store.PutRaw(new byte[] { 1 }).Cid]);
    }

    private ulong Inode()
    {
        Assert.Equal(0, FileDescriptor.StatPath(Path.Combine(Directory, StoreLayout.ControlName), out FileStatus status));
        return status.Inode;
    }

    private SafeFileHandle OpenFile(string name) =>
        File.OpenHandle(Path.Combine(Directory, name), FileMode.OpenOrCreate, FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
}
