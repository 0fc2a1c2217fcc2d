using System.Security.Cryptography;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

namespace ArrowCid.Benchmarks;

/// <summary>CARs out of a store and into one, against SHA-256 of the same bytes.</summary>
internal static class CarBench
{
    private const double Goal = 0.8;
    private const int BlockBytes = 1000 << 10;

    public static IEnumerable<Measurement> Run(Rounds rounds, BenchPlace place, bool isQuick)
    {
        int count = isQuick ? 4 : 64;
        var options = new CidStoreOptions { Capacity = 256 << 20, SegmentSize = 32 << 20 };
        using BenchStore from = place.Open("car-from", options);
        var batch = new NumberedBatch(BlockBytes, columns: 8);
        Cid[] cids = [.. Enumerable.Range(0, count).Select(_ => from.Store.Put(batch.Next()).Cid)];
        byte[] bytes = new byte[(int)CanonicalBlock.Address(batch.Next()).ByteLength * count], digest = new byte[32];
        Random.Shared.NextBytes(bytes);
        string file = place.PathOf("batches.car");
        double megabytes = bytes.Length / 1e6;
        foreach (CarLayout layout in Enum.GetValues<CarLayout>())
        {
            int made = 0;
            double?[] seconds = rounds.AllInTurn(
                () => Rounds.Seconds(() => Export(from.Store, cids, file, layout)),
                () => Import(place, $"car-to-{layout}-{made++}", options, file),
                () => Rounds.Seconds(() => SHA256.HashData(bytes, digest)));
            string what = $"CAR of {count} batches, {layout.ToString().ToLowerInvariant()}";
            const string competitor = "SHA-256 of as many bytes";
            yield return new Measurement(
                $"{what}: export", megabytes / seconds[0], megabytes / seconds[2], "MB/s", competitor, Goal);
            yield return new Measurement(
                $"{what}: import", megabytes / seconds[1], megabytes / seconds[2], "MB/s", competitor, Goal);
        }
    }

    private static void Export(CidStore store, Cid[] cids, string file, CarLayout layout)
    {
        using FileStream target = File.Create(file);
        _ = store.Transfer.ExportCar(cids, target, new CarExportOptions { Layout = layout });
    }

    private static double Import(BenchPlace place, string name, CidStoreOptions options, string file)
    {
        using BenchStore to = place.Open(name, options);
        using FileStream car = File.OpenRead(file);
        return Rounds.Seconds(() => to.Store.Transfer.ImportCar(car));
    }
}
