using System.Text;
using ArrowCid.Client;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Registry;
using ArrowCid.Tests.Flight;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer;

/// <summary>What holds for every place of blocks, whatever it is.</summary>
public abstract class BackendContract : IAsyncLifetime
{
    private protected static readonly byte[] Batch = BlockOf(1000);

    private static readonly byte[][] s_blocks =
        [Batch, BlockOf(300_000), "some bytes"u8.ToArray(), [], [0xff, 0xff, 0xff, 0xff, 1, 2, 3]];

    private static readonly byte[] s_node = DagCbor.Encode(IpldNode.List(IpldNode.Link(CidOf(Batch))));

    private readonly List<IDisposable> _owned = [];

    private BlockBackend _backend = null!;

    public async Task InitializeAsync()
    {
        (Cid Cid, byte[] Bytes)[] blocks =
            [.. s_blocks.Select(block => (CidOf(block), block)), (Cid.Sha256(Multicodec.DagCbor, s_node), s_node)];
        _backend = await Make(blocks);
    }

    public async Task DisposeAsync()
    {
        _backend.Dispose();
        await End();
        for (int i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
    }

    [ContractFact]
    public void What_is_there_is_given_whole_and_again()
    {
        foreach (byte[] bytes in s_blocks)
        {
            for (int i = 0; i < 2; i++)
            {
                using BlockLease? block = _backend.TryGet(CidOf(bytes));
                Assert.NotNull(block);
                Assert.Equal(CidOf(bytes), block.Cid);
                Assert.True(bytes.AsSpan().SequenceEqual(block.Bytes.Span), $"{bytes.Length} bytes");
            }
        }

        using BlockLease? node = _backend.TryGet(Cid.Sha256(Multicodec.DagCbor, s_node));
        Assert.Equal(s_node, node!.Bytes.ToArray());
    }

    [ContractFact]
    public void What_is_not_there_is_null()
    {
        Assert.Null(_backend.TryGet(CidOf("absent"u8)));
        Assert.Null(_backend.TryGet(default));
        Assert.Null(_backend.TryGet(Cid.Sha256(Multicodec.DagCbor, "absent"u8)));
    }

    [ContractFact]
    public void A_batch_is_read_and_what_is_none_is_refused()
    {
        using BlockLease batch = _backend.TryGet(CidOf(Batch))!, bytes = _backend.TryGet(CidOf("some bytes"u8))!;
        Assert.Equal(1000, batch.ReadView().Length);
        Assert.Equal(7 * 3.5, batch.ReadView().Column<double>("x").Values[7]);
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => bytes.ReadView()).Code);
        using BlockLease node = _backend.TryGet(Cid.Sha256(Multicodec.DagCbor, s_node))!;
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => node.ReadView()).Code);
    }

    [ContractFact]
    public void A_block_outlives_its_place_but_not_itself()
    {
        BlockLease block = _backend.TryGet(CidOf(Batch))!;
        _backend.Dispose();
        _ = Assert.Throws<ObjectDisposedException>(() => _backend.TryGet(CidOf(Batch)));
        Assert.Equal(Batch, block.Bytes.ToArray());
        block.Dispose();
        block.Dispose();
        _ = Assert.Throws<ObjectDisposedException>(() => block.Bytes);
    }

    [ContractFact]
    public async Task Many_threads_get_the_same_bytes() => await Task.WhenAll(Enumerable.Range(0, 8).Select(first =>
        // Threads of their own: a gateway of this process needs the pool's.
        Task.Factory.StartNew(() => GetSome(first), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

    private void GetSome(int first)
    {
        for (int i = first; i < first + 8; i++)
        {
            byte[] wanted = s_blocks[i % s_blocks.Length];
            using BlockLease? block = _backend.TryGet(CidOf(wanted));
            Assert.True(wanted.AsSpan().SequenceEqual(block!.Bytes.Span));
        }
    }

    [ContractFact]
    public void What_is_put_is_given_and_what_is_something_else_is_refused()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("put later"), stream = BlockOf(5);
        if (!_backend.CanPut)
        {
            _ = Assert.Throws<NotSupportedException>(() => _backend.Put(CidOf(bytes), bytes));
            return;
        }

        _backend.Put(CidOf(bytes), bytes);
        _backend.Put(CidOf(bytes), bytes);
        _backend.Put(CidOf(stream), stream);
        using BlockLease block = _backend.TryGet(CidOf(bytes))!, batch = _backend.TryGet(CidOf(stream))!;
        Assert.Equal(bytes, block.Bytes.ToArray());
        Assert.Equal(5, batch.ReadView().Length);
        Assert.Equal(ErrorCode.InvalidData,
            Assert.Throws<ArrowCidException>(() => _backend.Put(CidOf("other"u8), bytes)).Code);
        Assert.Null(_backend.TryGet(CidOf("other"u8)));
        Assert.Equal(ErrorCode.InvalidCid, Assert.Throws<ArrowCidException>(() => _backend.Put(default, bytes)).Code);
    }

    [ContractFact]
    public void What_it_leaves_as_is_what_leaves_a_store_of_the_same_blocks()
    {
        foreach (CarLayout layout in Enum.GetValues<CarLayout>()) ExportsAsStoreDoes(layout);
    }

    private void ExportsAsStoreDoes(CarLayout layout)
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 4 << 20 });
        foreach (byte[] block in s_blocks) _ = store.PutRaw(block);
        Cid node = store.PutRaw(s_node, Multicodec.DagCbor).Cid;
        Cid[] roots = [node, CidOf(s_blocks[1]), CidOf("some bytes"u8)];
        var options = new CarExportOptions { Layout = layout };
        using MemoryStream expected = new(), made = new();
        CarExport export = store.Transfer.ExportCar(roots, expected, options);
        // A list in a record is another list.
        CarExport here = _backend.ExportCar(roots, made, options);
        Assert.Equal(export.Roots, here.Roots);
        Assert.Equal(export with { Roots = [] }, here with { Roots = [] });
        Assert.True(expected.ToArray().AsSpan().SequenceEqual(made.ToArray()));
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => _backend.ExportCar([node, CidOf("absent"u8)], new MemoryStream(), options));
        Assert.Equal(ErrorCode.BlockNotFound, error.Code);
        Assert.Contains(_backend.Name, error.Message, StringComparison.Ordinal);
    }

    [ContractFact]
    public void A_car_that_lacks_blocks_is_made_whole_from_it()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 4 << 20 });
        Cid node = Cid.Sha256(Multicodec.DagCbor, s_node), absent = CidOf("absent"u8);
        byte[] car = CarOf([node], (node, s_node));
        Assert.Equal(ErrorCode.InvalidData, Assert.Throws<ArrowCidException>(() => store.Transfer.ImportCar(new MemoryStream(car))).Code);
        CarImport import = store.Transfer.ImportCar(new MemoryStream(car), new CarImportOptions { From = _backend });
        Assert.Equal([CidOf(Batch), node], import.Blocks.Select(block => block.Cid));
        Assert.Equal((0, 0), (import.Missing, import.Skipped));
        Assert.Equal(1000, store.TryGet(CidOf(Batch))!.View.Length);
        // Of a root alone all comes from elsewhere.
        Assert.Equal([CidOf(Batch), node], store.Transfer.ImportCar(new MemoryStream(CarOf([node])), new CarImportOptions { From = _backend }).Blocks.Select(block => block.Cid));
        byte[] two = DagCbor.Encode(IpldNode.List(IpldNode.Link(CidOf("some bytes"u8)), IpldNode.Link(absent)));
        byte[] lacking = CarOf([Cid.Sha256(Multicodec.DagCbor, two)], (Cid.Sha256(Multicodec.DagCbor, two), two));
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => store.Transfer.ImportCar(new MemoryStream(lacking), new CarImportOptions { From = _backend }));
        Assert.Equal(ErrorCode.InvalidData, error.Code);
        Assert.Contains($"{absent} first, nor at {_backend.Name}", error.Message, StringComparison.Ordinal);
        Assert.False(store.Contains(CidOf("some bytes"u8)));
        CarImport part = store.Transfer.ImportCar(new MemoryStream(lacking), new CarImportOptions { From = _backend, Partial = true });
        Assert.Equal((1L, 2), (part.Missing, part.Blocks.Count));
        Assert.True(store.Contains(CidOf("some bytes"u8)));
    }

    [ContractFact]
    public void Blocks_are_reported_as_stored_only_when_they_are()
    {
        foreach (byte[] bytes in s_blocks) Assert.True(_backend.Contains(CidOf(bytes)));
        Assert.False(_backend.Contains(CidOf("absent"u8)));
        Assert.False(_backend.Contains(default));
    }

    [ContractFact]
    public void Many_blocks_are_looked_up_at_once()
    {
        Cid[] cids = [CidOf("absent"u8), .. s_blocks.Select(bytes => CidOf(bytes)), default, CidOf("absent too"u8)];
        bool[] found = _backend.ContainsMany(cids);
        Assert.Equal(cids.Select(cid => s_blocks.Any(bytes => CidOf(bytes) == cid)), found);
        Assert.Empty(_backend.ContainsMany([]));
        _ = Assert.ThrowsAny<OperationCanceledException>(() => _backend.ContainsMany(cids, new CancellationToken(canceled: true)));
    }

    [ContractFact]
    public void Listing_has_every_block_once_and_follows_puts_and_deletions()
    {
        if (!_backend.CanList)
        {
            _ = Assert.Throws<NotSupportedException>(() => _backend.List());
            return;
        }

        Cid node = Cid.Sha256(Multicodec.DagCbor, s_node);
        Cid[] listed = [.. _backend.List()];
        Assert.Equal(listed.Length, listed.Distinct().Count());
        Assert.Superset(s_blocks.Select(bytes => CidOf(bytes)).Append(node).ToHashSet(), listed.ToHashSet());
        Assert.All(_backend.ContainsMany(listed), Assert.True);
        _ = Assert.ThrowsAny<OperationCanceledException>(() => _backend.List(new CancellationToken(canceled: true)));
        byte[] later = Encoding.UTF8.GetBytes("listed later");
        if (!_backend.CanPut) return;
        _backend.Put(CidOf(later), later);
        Assert.Contains(CidOf(later), _backend.List());
        if (!_backend.CanDelete) return;
        _backend.Delete(CidOf(later));
        Assert.DoesNotContain(CidOf(later), _backend.List());
        Assert.Equal(listed.ToHashSet(), [.. _backend.List()]);
    }

    [ContractFact]
    public async Task Asynchronous_forms_do_what_the_synchronous_ones_do()
    {
        Assert.Null(await _backend.TryGetAsync(CidOf("absent"u8)));
        using (BlockLease? block = await _backend.TryGetAsync(CidOf(Batch))) Assert.Equal(Batch, block!.Bytes.ToArray());
        Assert.True(await _backend.ContainsAsync(CidOf(Batch)));
        bool[] found = await _backend.ContainsManyAsync([CidOf(Batch), CidOf("absent"u8)]);
        Assert.Equal([true, false], found);
        if (_backend.CanList)
        {
            var listed = new HashSet<Cid>();
            await foreach (Cid cid in _backend.ListAsync()) Assert.True(listed.Add(cid));
            Assert.Equal(listed, [.. _backend.List()]);
        }

        if (!_backend.CanPut) return;
        byte[] later = Encoding.UTF8.GetBytes("put without waiting");
        await _backend.PutAsync(CidOf(later), later);
        Assert.True(await _backend.ContainsAsync(CidOf(later)));
        if (!_backend.CanDelete) return;
        await _backend.DeleteAsync(CidOf(later));
        Assert.False(await _backend.ContainsAsync(CidOf(later)));
    }

    [ContractFact]
    public void Deleted_block_is_gone_until_it_is_put_again()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("deleted later"), stream = BlockOf(7, "deleted"), large = new byte[2_000_000];
        if (!_backend.CanDelete)
        {
            _ = Assert.Throws<NotSupportedException>(() => _backend.Delete(CidOf(Batch)));
            Assert.True(_backend.Contains(CidOf(Batch)));
            return;
        }

        _backend.Delete(CidOf("absent"u8));
        foreach (byte[] each in (byte[][])[bytes, stream, large])
        {
            for (int round = 0; round < 2; round++)
            {
                _backend.Put(CidOf(each), each);
                Assert.True(_backend.Contains(CidOf(each)));
                _backend.Delete(CidOf(each));
                Assert.False(_backend.Contains(CidOf(each)));
                Assert.Null(_backend.TryGet(CidOf(each)));
            }
        }

        using BlockLease? other = _backend.TryGet(CidOf(Batch));
        Assert.NotNull(other);
    }

    [ContractFact]
    public void A_dataset_is_copied_with_its_schema_and_batches_and_a_second_time_nothing()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 4 << 20 });
        PutResult[] batches = [.. Enumerable.Range(1, 5).Select(rows => store.PutRaw(BlockOf(rows, "of the dataset")))];
        Cid dataset = store.Datasets.Put([.. batches.Select(put => put.Cid)]).Cid;
        if (!_backend.CanPut)
        {
            _ = Assert.Throws<NotSupportedException>(() => _backend.CopyFrom(store.Transfer.AsBackend(), [dataset]));
            return;
        }

        BlockCopyResult copied = _backend.CopyFrom(store.Transfer.AsBackend(), [dataset]);
        Assert.Equal((7, 7), (copied.Blocks, copied.NewBlocks));
        Assert.Equal(0, _backend.CopyFrom(store.Transfer.AsBackend(), [dataset]).NewBlocks);
        using var again = new TemporaryStore();
        using CidStore other = CidStore.Open(again.Directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 4 << 20 });
        Assert.Equal(7, other.Transfer.AsBackend().CopyFrom(_backend, [dataset]).NewBlocks);
        Assert.Equal(batches.Select(put => put.Cid), other.Datasets.TryGet(dataset));
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => _backend.CopyFrom(store.Transfer.AsBackend(), [CidOf("absent"u8)]));
        Assert.Equal(ErrorCode.BlockNotFound, error.Code);
        Assert.False(_backend.Contains(CidOf("absent"u8)));
    }

    [ContractFact]
    public void Part_of_a_block_is_given_proved_by_its_own_CID()
    {
        byte[] large = s_blocks[1];
        (int Offset, int Length)[] parts = [(1_000_000, 50_000), (0, 100), (100, 1), (large.Length - 1, 1), (900_000, 200_000),
            (0, large.Length), (130_000, 10)];
        BlockSlice[] slices = [.. parts.Select(part => SliceOf(large, part.Offset, part.Length))];
        IReadOnlyList<BlockLease>? found = _backend.TryGetRanges(CidOf(large), slices);
        Assert.NotNull(found);
        Assert.Equal(slices.Select(slice => slice.Cid), found.Select(lease => lease.Cid));
        for (int i = 0; i < parts.Length; i++)
        {
            Assert.True(large.AsSpan(parts[i].Offset, parts[i].Length).SequenceEqual(found[i].Bytes.Span), $"part {i}");
            found[i].Dispose();
            _ = Assert.Throws<ObjectDisposedException>(() => found[i].Bytes);
        }

        using BlockLease? small = _backend.TryGetRange(CidOf(Batch), SliceOf(Batch, 64, 1000));
        Assert.True(Batch.AsSpan(64, 1000).SequenceEqual(small!.Bytes.Span));
        Assert.Null(_backend.TryGetRange(CidOf("absent"u8), slices[0]));
        Assert.Null(_backend.TryGetRange(default, slices[0]));
    }

    [ContractFact]
    public void Part_with_other_bytes_or_beyond_the_end_is_refused()
    {
        byte[] large = s_blocks[1];
        BlockSlice right = SliceOf(large, 500_000, 70_000);
        foreach (BlockSlice wrong in (BlockSlice[])
        [
            right with { Offset = right.Offset + 1 }, right with { Length = right.Length - 1 }, right with { Cid = CidOf("other"u8) },
            right with { Offset = large.Length - 1000 }, right with { Offset = large.Length + 1 }, right with { Offset = 2_000_000_000 },
        ])
        {
            ArrowCidException error = Assert.Throws<ArrowCidException>(() => _backend.TryGetRanges(CidOf(large), [right, wrong]));
            Assert.True(error.Code == ErrorCode.BlockCorrupt, error.ToString());
        }

        foreach (BlockSlice impossible in (BlockSlice[])
            [right with { Offset = -1 }, right with { Length = 0 }, right with { Cid = default }, right with { Offset = int.MaxValue }])
            _ = Assert.Throws<ArgumentException>(() => _backend.TryGetRange(CidOf(large), impossible));
    }

    private static BlockSlice SliceOf(byte[] block, int offset, int length) =>
        new(offset, length, CidOf(block.AsSpan(offset, length)));

    private static byte[] CarOf(Cid[] roots, params (Cid Cid, byte[] Bytes)[] blocks)
    {
        using var car = new MemoryStream();
        var writer = new CarWriter(car, roots, version: 1);
        foreach ((Cid cid, byte[] bytes) in blocks) writer.Add(cid, bytes);
        _ = writer.Finish();
        return car.ToArray();
    }

    private protected abstract Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks);

    private protected virtual Task End() => Task.CompletedTask;

    private protected T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private protected static Cid CidOf(ReadOnlySpan<byte> bytes) => Cid.Sha256(Multicodec.Raw, bytes);

    private protected static BlockBackend Filled(BlockBackend backend, (Cid Cid, byte[] Bytes)[] blocks)
    {
        foreach ((Cid cid, byte[] bytes) in blocks) backend.Put(cid, bytes);
        return backend;
    }

    private protected BlockBackend FolderOf((Cid Cid, byte[] Bytes)[] blocks) =>
        Filled(BlockBackend.Folder(Own(new TemporaryStore()).PathOf("blocks")), blocks);

    private static byte[] BlockOf(int rows, string column = "x") => CanonicalBlock.Encode(RecordBatch.Of(
        (column, ArrowArray.From<double>(Enumerable.Range(0, rows).Select(i => i * 3.5).ToArray())))).Bytes.ToArray();
}

public class MemoryBackendTests : BackendContract
{
    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks) =>
        Task.FromResult(Filled(BlockBackend.InMemory(), blocks));
}

/// <summary>A store on a disk.</summary>
public class DiskBackendTests : BackendContract
{
    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        var store = Own(CidStore.Open(Own(new TemporaryStore()).Directory,
            new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 4 << 20 }));
        return Task.FromResult(Filled(store.Transfer.AsBackend(), blocks));
    }
}

/// <summary>A store in shared memory.</summary>
public class SharedMemoryBackendTests : BackendContract
{
    private readonly string _directory = $"/dev/shm/arrowcid-test-{Guid.NewGuid():n}";

    private CidStore _store = null!;

    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        _store = CidStore.Open(_directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 4 << 20 });
        return Task.FromResult(Filled(_store.Transfer.AsBackend(), blocks));
    }

    private protected override Task End()
    {
        // An open store may create files while its directory is deleted.
        _store.Dispose();
        Directory.Delete(_directory, recursive: true);
        return Task.CompletedTask;
    }
}

public class FolderBackendTests : BackendContract
{
    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks) =>
        Task.FromResult(FolderOf(blocks));

    [Fact]
    public void Files_are_named_by_CID_and_a_damaged_one_is_refused_and_stays()
    {
        using var folder = new TemporaryStore();
        using var backend = BlockBackend.Folder(folder.Directory);
        backend.Put(CidOf(Batch), Batch);
        backend.Put(CidOf("x"u8), "x"u8.ToArray());
        Assert.Equal([$"{CidOf("x"u8)}.block", $"{CidOf(Batch)}.arrows"], Directory.GetFiles(folder.Directory)
            .Select(Path.GetFileName).OrderBy(name => name!.EndsWith(".arrows", StringComparison.Ordinal)));
        string file = folder.PathOf($"{CidOf(Batch)}.arrows");
        byte[] bytes = (byte[])Batch.Clone();
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => backend.TryGet(CidOf(Batch))).Code);
        Assert.True(File.Exists(file));
        File.Delete(file);
        Directory.CreateDirectory(file);
        Assert.Contains(Assert.Throws<ArrowCidException>(() => backend.TryGet(CidOf(Batch))).Code,
            (ErrorCode[])[ErrorCode.Io, ErrorCode.AccessDenied]);
    }
}

/// <summary>The gateway of this product, over HTTP.</summary>
public class GatewayBackendTests : BackendContract
{
    private ServedStore _served = null!;

    private protected override async Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        _served = await ServedStore.Start();
        _ = Filled(_served.Store.Transfer.AsBackend(), blocks);
        return BlockBackend.Gateway(new Uri($"http://{_served.Address}/"));
    }

    private protected override async Task End() => await _served.DisposeAsync();
}

/// <summary>A server over HTTP with a token.</summary>
public class HttpServerBackendTests : BackendContract
{
    private ServedStore _served = null!;

    private protected override async Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        _served = await ServedStore.Start();
        string file = Path.Combine(_served.Directory, "serve.token");
        return Filled(ServerBlocks.Open($"http://{_served.Address}?token-file={file}"), blocks);
    }

    private protected override async Task End() => await _served.DisposeAsync();
}

/// <summary>A server over Flight with a token; its store is on this machine, and is read over the network.</summary>
public class FlightBackendTests : BackendContract
{
    private ServedStore _served = null!;

    private protected override async Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        _served = await ServedStore.Start();
        var client = new CidClient(_served.Flight, new CidClientOptions { Token = _served.Token, UseLocalStore = false });
        return Filled(Own(new FlightBackend("grpc", client, hasToken: true)), blocks);
    }

    private protected override async Task End() => await _served.DisposeAsync();
}

/// <summary>A server over Flight whose store is on this machine and is read there.</summary>
public class LocalFlightBackendTests : BackendContract
{
    private ServedStore _served = null!;

    private protected override async Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        _served = await ServedStore.Start();
        _ = Filled(_served.Store.Transfer.AsBackend(), blocks);
        return ServerBlocks.Open(_served.Flight.ToString());
    }

    private protected override async Task End() => await _served.DisposeAsync();
}

/// <summary>A place that keeps blocks compressed.</summary>
public class ZstdPlaceTests : BackendContract
{
    private protected virtual string Form => BlockForm.Zstd;

    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        CidStore store = Own(Stores.Open(Own(new TemporaryStore())));
        var place = new BlockPlace { Name = "cold", Location = Own(new TemporaryStore()).PathOf("blocks") + "/", Form = Form };
        store.Places.Add(place);
        return Task.FromResult(Filled(store.Places.Open(place), blocks));
    }
}

/// <summary>A place that keeps batches as Parquet.</summary>
public class ParquetPlaceTests : ZstdPlaceTests
{
    private protected override string Form => BlockForm.Parquet;
}

/// <summary>Half of the blocks near, half far; the near one keeps what comes.</summary>
public class SeveralBackendsTests : BackendContract
{
    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks)
    {
        BlockBackend near = Filled(BlockBackend.InMemory(), [.. blocks.Where((_, i) => i % 2 == 0)]);
        return Task.FromResult(BlockBackend.Several([near, BlockBackend.InMemory(), FolderOf(blocks)], fill: true));
    }

    [Fact]
    public void The_near_place_keeps_what_came_from_afar_only_where_it_is_to()
    {
        foreach (bool fill in new[] { false, true })
        {
            BlockBackend near = BlockBackend.InMemory(), far = BlockBackend.InMemory();
            far.Put(CidOf(Batch), Batch);
            using var both = BlockBackend.Several([near, far], fill);
            both.TryGet(CidOf(Batch))!.Dispose();
            Assert.Equal(fill, near.TryGet(CidOf(Batch)) is not null);
        }
    }

    [Fact]
    public void A_damaged_near_block_is_passed_where_the_far_place_has_it()
    {
        using var folder = new TemporaryStore();
        File.WriteAllBytes(folder.PathOf($"{CidOf(Batch)}.arrows"), [1, 2, 3]);
        var far = BlockBackend.InMemory();
        using var both = BlockBackend.Several([BlockBackend.Folder(folder.Directory), far]);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => both.TryGet(CidOf(Batch))).Code);
        far.Put(CidOf(Batch), Batch);
        Assert.Equal(Batch, both.TryGet(CidOf(Batch))!.Bytes.ToArray());
    }

    [Fact]
    public void Places_that_make_no_sense_are_refused()
    {
        _ = Assert.Throws<ArgumentException>(() => BlockBackend.Several([]));
        _ = Assert.Throws<ArgumentException>(() => BlockBackend.Gateway(new Uri("ftp://example.org/")));
        using var gateway = BlockBackend.Gateway(new Uri("http://127.0.0.1:1/"));
        _ = Assert.Throws<ArgumentException>(() => BlockBackend.Several([gateway], fill: true));
        ArrowCidException refused = Assert.Throws<ArrowCidException>(() => gateway.TryGet(CidOf(Batch)));
        Assert.Equal(ErrorCode.Busy, refused.Code);
    }
}

/// <summary>Two backends of which any may answer; the first one has nothing.</summary>
public class HedgedContractTests : BackendContract
{
    private protected override Task<BlockBackend> Make((Cid Cid, byte[] Bytes)[] blocks) =>
        Task.FromResult(BlockBackend.Hedged([BlockBackend.InMemory(), Filled(BlockBackend.InMemory(), blocks)]));
}
