using ArrowCid.Ipc;
using ArrowCid.Tests.Ipld.Car;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Store;

/// <summary>A column manifest that was imported: it stays beside its batch, and its pieces are ranges of
/// that.</summary>
public sealed class ColumnManifestTests
{
    [Fact]
    public void An_imported_manifest_gives_its_columns_and_goes_out_again()
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory);
        Cid batch = store.Put(CarTests.Numbers(300_000, 1)).Cid;
        byte[] car = Export(store, batch, CarLayout.Columns, out Cid root);
        using var to = new TemporaryStore();
        using CidStore copy = CidStore.Open(to.Directory);
        CarImport import = copy.Transfer.ImportCar(new MemoryStream(car));
        Assert.Equal([batch, root], import.Blocks.Select(block => block.Cid));
        Assert.Equal([root, root], import.Blocks.Select(block => block.From));
        Assert.NotNull(copy.Reading.ReadBlock(root));
        using BlockBackend place = copy.Transfer.AsBackend();
        var blocks = new DerivedBlocks(cid => place.TryGet(cid));
        using BatchLease lease = copy.TryGet(batch)!;
        Assert.Equal(CanonicalBlock.CidOf(ArrowCid.Columnar.RecordBatch.Of(("x", lease.View.Column("x")))),
            CanonicalBlock.CidOf(BatchColumn.ReadView(root, "x", cid => blocks.Read(cid)?.ToArray())));
        // Out of the new store it is the same archive, by whichever of its CIDs.
        Assert.Equal(car, Export(copy, batch, CarLayout.Columns, out _));
        Assert.Equal(car, Export(copy, root, CarLayout.UnixFs, out _));
    }

    [Fact]
    public void A_pin_of_a_manifest_keeps_its_batch()
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory);
        Cid batch = store.Put(CarTests.Numbers(1000, 1)).Cid;
        byte[] car = Export(store, batch, CarLayout.Columns, out Cid root);
        using var to = new TemporaryStore();
        using CidStore copy = CidStore.Open(to.Directory);
        _ = copy.Transfer.ImportCar(new MemoryStream(car));
        _ = copy.Names.Set("columns", root);
        RemoveResult kept = copy.Retention.Remove([batch]);
        Assert.Equal(batch, Assert.Single(kept.Kept).Cid);
        Assert.Empty(kept.Removed);
        Assert.True(copy.Names.Remove("columns"));
        Assert.Equal([root], copy.Retention.Remove([root]).Removed);
        Assert.Equal([batch], copy.Retention.Remove([batch]).Removed);
    }

    [Fact]
    public void An_archive_of_a_manifest_and_its_batch_lacks_no_piece()
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory);
        Cid batch = store.Put(CarTests.Numbers(1000, 1)).Cid;
        byte[] car = Export(store, batch, CarLayout.Columns, out Cid root);
        _ = store.Transfer.ImportCar(new MemoryStream(car));
        byte[] both = [.. CarBytes.Header([root]), .. CarBytes.Section(root, store.Reading.ReadBlock(root)!),
            .. CarBytes.Section(batch, store.Reading.ReadBlock(batch)!)];
        Assert.True(CarFixtureTests.Verify(both).IsWhole);
        byte[] alone = [.. CarBytes.Header([root]), .. CarBytes.Section(root, store.Reading.ReadBlock(root)!)];
        Assert.False(CarFixtureTests.Verify(alone).IsWhole);
        using var to = new TemporaryStore();
        using CidStore copy = CidStore.Open(to.Directory);
        Assert.Equal([batch, root], copy.Transfer.ImportCar(new MemoryStream(both)).Blocks.Select(block => block.Cid));
        // A backup has it, and it comes back.
        using var backup = new MemoryStream();
        _ = copy.Transfer.Backup(backup);
        Assert.True(CarFixtureTests.Verify(backup.ToArray()).FaultCount == 0);
        using var third = new TemporaryStore();
        using CidStore restored = CidStore.Open(third.Directory);
        _ = restored.Transfer.Restore(ArrowCid.Transfer.Backup.StoreBackup.Read([backup]));
        Assert.Equal(store.Reading.ReadBlock(root), restored.Reading.ReadBlock(root));
    }

    private static byte[] Export(CidStore store, Cid cid, CarLayout layout, out Cid root)
    {
        using var stream = new MemoryStream();
        root = store.Transfer.ExportCar([cid], stream, new CarExportOptions { Layout = layout }).Roots[0];
        return stream.ToArray();
    }
}
