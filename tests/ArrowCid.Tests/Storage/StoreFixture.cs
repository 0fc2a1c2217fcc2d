using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>A store of a test's own, small, removed with the test.</summary>
internal sealed class TemporaryStore : IDisposable
{
    public const uint RawCodec = 0x55;

    public TemporaryStore() =>
        Directory = System.IO.Directory.CreateTempSubdirectory("arrowcid-test-").FullName;

    public string Directory { get; }

    public static StoreSettings Small => new()
    {
        Capacity = 32 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(20),
        InitialIndexEntries = 4096,
    };

    /// <summary>The least capacity, and no patience.</summary>
    public static StoreSettings Tiny => new()
    {
        Capacity = 8 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromMilliseconds(20),
        InitialIndexEntries = 64,
    };

    public BlockStore Open(StoreSettings? options = null) => BlockStore.Open(Directory, options ?? Small);

    public string PathOf(string name) => Path.Combine(Directory, name);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

/// <summary>Bytes as a source of a put.</summary>
internal sealed class BytesSource(byte[] bytes) : IBlockSource
{
    public int Length => bytes.Length;

    public Digest256 WriteTo(Span<byte> destination)
    {
        bytes.CopyTo(destination);
        return Sha256.Hash(destination);
    }
}

/// <summary>A source that does what a test tells it to.</summary>
internal sealed class ActingSource(byte[] bytes, Action act) : IBlockSource
{
    public int Length => bytes.Length;

    public Digest256 WriteTo(Span<byte> destination)
    {
        bytes.CopyTo(destination);
        act();
        return Sha256.Hash(destination);
    }
}

internal static class StoreCalls
{
    public static bool Put(this BlockStore store, RecordKind kind, uint codec, IBlockSource source,
        Digest256 schemaDigest, long rows, RecordFlags flags, out BlockInfo info)
    {
        var request = new PutRequest(kind, codec, source, schemaDigest, rows, flags);
        return store.Put(in request, out info);
    }

    public static bool PutRaw(this BlockStore store, byte[] bytes, out Digest256 digest)
    {
        bool isNew = store.Put(RecordKind.Raw, TemporaryStore.RawCodec, new BytesSource(bytes), default, 0,
            RecordFlags.None, out BlockInfo info);
        digest = info.Digest;
        return isNew;
    }

    public static Digest256 PutRaw(this BlockStore store, byte[] bytes)
    {
        _ = store.PutRaw(bytes, out Digest256 digest);
        return digest;
    }

    public static byte[]? Read(this BlockStore store, Digest256 digest)
    {
        using RecordLease? lease = store.Find(digest);
        return lease?.Memory.ToArray();
    }

    /// <summary>Block number n of a test: its bytes are its own.</summary>
    public static byte[] Numbered(int number, int length = 64)
    {
        var bytes = new byte[length];
        new Random(number).NextBytes(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }
}
