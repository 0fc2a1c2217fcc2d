using Amazon.S3;
using Amazon.S3.Model;
using ArrowCid.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Benchmarks;

/// <summary>Blocks to a bucket and back, against the AWS command line and the plain SDK on the same server; columns of
/// batches there against pyarrow; and policies of caches over traces.</summary>
internal sealed class PlacesBench(bool isQuick, Rounds rounds, string? trace, bool withServer) : IBench
{
    /// <summary>The measurement that needs no server.</summary>
    public const string Cache = "cache";

    private const string Many = "many", Large = "large", Get = "get", Columns = "columns", Heal = "heal", Warm = "warm",
        Ahead = "ahead";
    private const int LeastBlock = 64 << 10, MostBlock = 1 << 20, LargeBlock = 64 << 20;
    private const int PackBytes = 16 << 20, AtOnce = 8;

    private readonly BenchPlace _place = BenchPlace.In("/var/tmp");
    private readonly List<IDisposable> _owned = [];
    private BucketServer? _server;
    private bool _isStarted;
    private int _folders;

    public static IEnumerable<string> Names => [Cache, Heal, Many, Large, Get, Warm, Ahead, Columns];

    public Rounds Rounds => rounds;

    public string? MissingCompetitors => withServer && Server is null ? "Ceph's S3 gateway, and moto" : null;

    private BucketServer? Server
    {
        get
        {
            if (!_isStarted) _server = BucketServer.Start(_place.PathOf("server"));
            _isStarted = true;
            return _server;
        }
    }

    public IEnumerable<Measurement> Run(string[] only)
    {
        bool IsWanted(string name) => only.Length == 0 || only.Contains(name);
        if (IsWanted(Cache))
        {
            foreach (Measurement measured in CacheBench.Run(isQuick, trace)) yield return measured;
        }

        if (IsWanted(Heal)) yield return HealBench.Run(Directory.CreateDirectory(_place.PathOf("heal")).FullName);
        if (!withServer || Server is not { } server) yield break;
        if (IsWanted(Many))
        {
            foreach (Measurement measured in PutMany(server)) yield return measured;
        }

        if (IsWanted(Large)) yield return PutLarge(server);
        if (IsWanted(Get))
        {
            yield return GetOne(server, MostBlock, "1 MiB", isQuick ? 10 : 50);
            yield return GetOne(server, LargeBlock, "64 MiB", isQuick ? 1 : 3);
        }

        if (IsWanted(Warm))
        {
            foreach (Measurement each in new WarmBench(rounds, server, isQuick).Run()) yield return each;
        }

        if (IsWanted(Ahead))
        {
            foreach (Measurement each in new AheadBench(rounds, server, isQuick).Run()) yield return each;
        }

        if (!IsWanted(Columns)) yield break;
        foreach (Measurement each in new ColumnsBench(rounds, _place.PathOf("columns"), server).Run(isQuick)) yield return each;
    }

    public void Dispose()
    {
        foreach (IDisposable each in _owned) each.Dispose();
        _server?.Dispose();
        _place.Dispose();
    }

    private static Cid Put(BlockBackend source, byte[] bytes)
    {
        Cid cid = Cid.Sha256(Multicodec.Raw, bytes);
        source.Put(cid, bytes);
        return cid;
    }

    private IEnumerable<Measurement> PutMany(BucketServer server)
    {
        long total = isQuick ? 16 << 20 : 1 << 30, made = 0;
        string files = Directory.CreateDirectory(_place.PathOf("files")).FullName;
        var random = new Random(17);
        var cids = new List<Cid>();
        using BenchStore store = _place.Open("store", new CidStoreOptions { Capacity = 2 * total + (64 << 20) });
        using BlockBackend source = store.Store.Transfer.AsBackend();
        while (made < total)
        {
            byte[] bytes = new byte[random.Next(LeastBlock, MostBlock)];
            random.NextBytes(bytes);
            cids.Add(Put(source, bytes));
            File.WriteAllBytes(Path.Combine(files, cids[^1].ToString()), bytes);
            made += bytes.Length;
        }

        (double ours, double aws) = rounds.InTurn(
            () => Rounds.Seconds(() =>
            {
                using BlockBackend bucket = Open(server);
                _ = bucket.CopyFrom(source, cids);
            }),
            () => Rounds.Seconds(() => server.Aws("s3", "cp", "--recursive", "--only-show-errors", files,
                $"s3://{BucketServer.Bucket}/aws{_folders++}/")));
        double megabytes = made / 1e6;
        yield return new Measurement($"put {cids.Count} blocks of 64 KiB to 1 MiB", megabytes / ours, megabytes / aws, "MB/s",
            "aws s3 cp --recursive", 10)
        {
            Note = server.Name,
        };
        // What the server takes at most: the same bytes in objects of the size of packs, as many at once.
        AmazonS3Client client = Own(server.Client());
        byte[] pack = new byte[PackBytes];
        random.NextBytes(pack);
        int packs = (int)(made / PackBytes);
        (double again, double sdk) = rounds.InTurn(
            () => Rounds.Seconds(() =>
            {
                using BlockBackend bucket = Open(server);
                _ = bucket.CopyFrom(source, cids);
            }),
            () => Rounds.Seconds(() => Parallel.ForAsync(0, packs, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
                async (_, end) => await client.PutObjectAsync(new PutObjectRequest
                {
                    BucketName = BucketServer.Bucket,
                    Key = $"packs/{Interlocked.Increment(ref _folders)}",
                    InputStream = new MemoryStream(pack),
                    UseChunkEncoding = false,
                }, end)).GetAwaiter().GetResult()));
        yield return new Measurement($"put {cids.Count} blocks, and as many bytes in objects of 16 MiB", megabytes / again,
            packs * (double)PackBytes / 1e6 / sdk, "MB/s", "SDK PutObject, 8 at once", null)
        {
            Note = server.Name,
        };
    }

    private Measurement PutLarge(BucketServer server)
    {
        AmazonS3Client client = Own(server.Client());
        // Each round stores another block; the first bytes are its number.
        byte[] bytes = new byte[LargeBlock];
        new Random(19).NextBytes(bytes);
        int number = 0;
        BlockBackend bucket = Own(Open(server));
        (double ours, double sdk) = rounds.InTurn(
            () =>
            {
                BitConverter.TryWriteBytes(bytes, ++number);
                using var source = BlockBackend.InMemory();
                Cid cid = Put(source, bytes);
                return Rounds.Seconds(() => bucket.CopyFrom(source, [cid]));
            },
            () => Rounds.Seconds(() => client.PutObjectAsync(new PutObjectRequest
            {
                BucketName = BucketServer.Bucket,
                Key = $"sdk/{++number}",
                InputStream = new MemoryStream(bytes),
                UseChunkEncoding = false,
            }).GetAwaiter().GetResult()));
        double megabytes = bytes.Length / 1e6;
        return new Measurement("put a block of 64 MiB", megabytes / ours, megabytes / sdk, "MB/s", "SDK PutObject", 0.95)
        {
            Note = server.Name,
        };
    }

    private Measurement GetOne(BucketServer server, int length, string size, int times)
    {
        AmazonS3Client client = Own(server.Client());
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        BlockBackend bucket = Own(Open(server));
        Cid cid = Put(bucket, bytes);
        string key = $"get/{size}";
        client.PutObjectAsync(new PutObjectRequest
        {
            BucketName = BucketServer.Bucket,
            Key = key,
            InputStream = new MemoryStream(bytes),
        }).GetAwaiter().GetResult();
        byte[] target = new byte[length];
        (double ours, double sdk) = rounds.InTurn(
            () => Rounds.Seconds(() =>
            {
                for (int i = 0; i < times; i++) bucket.Get(cid).Dispose();
            }) / times,
            () => Rounds.Seconds(() =>
            {
                for (int i = 0; i < times; i++)
                {
                    using GetObjectResponse answer =
                        client.GetObjectAsync(BucketServer.Bucket, key).GetAwaiter().GetResult();
                    answer.ResponseStream.ReadExactly(target);
                }
            }) / times);
        return new Measurement($"get a block of {size}, hashed", ours * 1e3, sdk * 1e3, "ms", "SDK GetObject, not hashed",
            0.95)
        {
            IsLessBetter = true,
            Note = server.Name,
        };
    }

    private BlockBackend Open(BucketServer server) =>
        S3Blocks.Open($"s3://{BucketServer.Bucket}/ours{_folders++}?endpoint={server.Url}");

    private T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
