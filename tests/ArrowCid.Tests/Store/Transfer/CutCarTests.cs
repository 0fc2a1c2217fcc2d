using ArrowCid.Ipld.Car;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Store;

/// <summary>CARs that were cut short or damaged, imported as far as they go, and completed from elsewhere.</summary>
public sealed class CutCarTests
{
    private static readonly int s_seed =
        Environment.GetEnvironmentVariable("ARROWCID_SEED") is { Length: > 0 } seed ? int.Parse(seed) : Environment.TickCount;

    private static readonly CarImportOptions s_partial = new() { Partial = true };

    [Theory]
    [InlineData(CarLayout.Flat, 1)]
    [InlineData(CarLayout.Flat, 2)]
    [InlineData(CarLayout.UnixFs, 1)]
    [InlineData(CarLayout.Columns, 1)]
    [InlineData(CarLayout.Columns, 2)]
    public void A_partial_import_keeps_every_whole_block_before_a_cut_anywhere(CarLayout layout, int version)
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory);
        byte[] car = Car(store, layout, version, out _, rows: 40);
        using var all = new MemoryStream(car);
        var whole = CarContents.Read(all);
        List<CarSection> sections = [.. whole.Blocks];
        using var to = new TemporaryStore();
        using CidStore copy = CidStore.Open(to.Directory);
        for (int cut = (int)sections[0].Offset; cut < sections[^1].End; cut++)
        {
            CarImport import;
            try
            {
                import = copy.Transfer.ImportCar(new MemoryStream(car[..cut]), s_partial);
            }
            catch (ArrowCidException e)
            {
                throw new InvalidOperationException($"cut at {cut}: {e.Message}", e);
            }

            List<CarSection> left = sections.FindAll(section => section.End <= cut);
            bool isAtEnd = version == 1 && (left.Count == 0 ? cut == sections[0].Offset : left[^1].End == cut);
            long? at = isAtEnd ? null : left.Count == 0 ? sections[0].Offset : left[^1].End;
            Assert.True(import.CutAt == at, $"cut at {cut}: {import.CutAt}, not {at}");
            Assert.True(import.Missing > 0 && import.Skipped == 0, $"cut at {cut}: {import}");
            // A batch whose pieces are all there comes as the batch.
            Assert.All(left, section => Assert.True(
                copy.Reading.ReadBlock(section.Cid) is not null || import.Blocks.Any(block => block.From != block.Cid),
                    $"cut at {cut}: {section.Cid}"));
        }
    }

    [Fact]
    public void A_pipe_that_breaks_off_keeps_what_came()
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory);
        byte[] car = Car(store, CarLayout.Flat, 1, out _, rows: 5000);
        var random = new Random(s_seed);
        for (int i = 0; i < 5; i++)
        {
            int cut = random.Next(car.Length / 2, car.Length);
            using var to = new TemporaryStore();
            using CidStore copy = CidStore.Open(to.Directory);
            CarImport piped = copy.Transfer.ImportCar(new ThrottledStream(new MemoryStream(car[..cut])), s_partial);
            using var second = new TemporaryStore();
            using CidStore other = CidStore.Open(second.Directory);
            CarImport read = other.Transfer.ImportCar(new MemoryStream(car[..cut]), s_partial);
            Assert.True(read.Blocks.SequenceEqual(piped.Blocks) && read.Blocks.Count > 0,
                $"ARROWCID_SEED={s_seed}, cut at {cut}");
        }
    }

    [Theory]
    [InlineData(CarLayout.Flat)]
    [InlineData(CarLayout.UnixFs)]
    [InlineData(CarLayout.Columns)]
    public void A_cut_CAR_is_completed_from_another_place(CarLayout layout)
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory);
        byte[] car = Car(store, layout, 1, out List<Cid> cids, rows: 40);
        CarSection first = Sections(car)[0];
        using BlockBackend place = store.Transfer.AsBackend();
        foreach (int cut in new[] { (int)first.End + 7, (int)first.End, car.Length - 3 })
        {
            using var to = new TemporaryStore();
            using CidStore copy = CidStore.Open(to.Directory);
            _ = Assert.Throws<InvalidCarException>(() => copy.Transfer.ImportCar(new MemoryStream(car[..(car.Length - 3)])));
            CarImport import = copy.Transfer.ImportCar(new MemoryStream(car[..cut]),
                new CarImportOptions { From = place });
            Assert.Equal((0, 0), (import.Missing, import.Skipped));
            Assert.All(cids, cid => Assert.True(copy.Diagnostics.Verify(cid)!.Value.IsIntact));
        }
    }

    [Theory]
    [InlineData(CarLayout.Flat)]
    [InlineData(CarLayout.Columns)]
    public void A_partial_import_asks_the_place_for_damaged_blocks_too(CarLayout layout)
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory);
        byte[] car = Car(store, layout, 1, out List<Cid> cids, rows: 40);
        using BlockBackend place = store.Transfer.AsBackend(), none = BlockBackend.InMemory();
        foreach (CarSection section in Sections(car))
        {
            byte[] damaged = [.. car];
            damaged[section.BlockOffset + section.Length / 2] ^= 1;
            using var to = new TemporaryStore();
            using CidStore copy = CidStore.Open(to.Directory);
            CarImport left = copy.Transfer.ImportCar(new MemoryStream(damaged),
                new CarImportOptions { Partial = true, From = none });
            Assert.True(left.Skipped == 1, $"{section.Cid}: {left}");
            CarImport import = copy.Transfer.ImportCar(new MemoryStream(damaged),
                new CarImportOptions { Partial = true, From = place });
            Assert.All(cids, cid => Assert.True(copy.Diagnostics.Verify(cid)!.Value.IsIntact));
            Assert.True(import.Missing == 0, $"{section.Cid}: {import}");
        }
    }

    private static List<CarSection> Sections(byte[] car)
    {
        using var stream = new MemoryStream(car);
        return [.. CarContents.Read(stream).Blocks];
    }

    /// <summary>A dataset of three batches, or their column manifests, which the store has too.</summary>
    private static byte[] Car(CidStore store, CarLayout layout, int version, out List<Cid> cids, int rows)
    {
        cids = [.. Enumerable.Range(0, 3).Select(i => store.Put(CarTests.Numbers(rows, i)).Cid)];
        List<Cid> roots = layout == CarLayout.Columns ? cids : [store.Datasets.Put(cids).Cid];
        using var stream = new MemoryStream();
        _ = store.Transfer.ExportCar(roots, stream, new CarExportOptions { Layout = layout, Version = version });
        _ = store.Transfer.ImportCar(new MemoryStream(stream.ToArray()));
        return stream.ToArray();
    }
}
