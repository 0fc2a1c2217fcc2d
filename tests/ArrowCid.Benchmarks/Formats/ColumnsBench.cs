using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.S3;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Benchmarks;

/// <summary>Three of 300 columns of a dataset in a bucket, against pyarrow reading them of a Parquet file there.</summary>
/// <param name="rounds">How often.</param>
/// <param name="directory">A directory for files.</param>
/// <param name="server">The server.</param>
internal sealed class ColumnsBench(Rounds rounds, string directory, BucketServer server)
{
    private const int Width = 300;
    private const string File = "columns.arrows", Key = "columns.parquet";

    private static readonly string[] s_wanted = ["c17", "c150", "c288"];

    /// <summary>Measures.</summary>
    public IEnumerable<Measurement> Run(bool isQuick)
    {
        int rows = 65_536, count = isQuick ? 1 : 2;
        string path = Path.Combine(Directory.CreateDirectory(directory).FullName, File);
        var manifests = new Dictionary<Cid, Cid>();
        List<Cid> cids = Upload(rows, count, path, manifests);
        long wanted = (long)count * s_wanted.Length * rows * sizeof(double);
        using var relay = new CountingRelay(server.Url);
        double bytes;
        using (BlockBackend cold = S3Blocks.Open(Url(relay.Url)))
        {
            _ = ReadOurs(cold, cids, manifests);
            bytes = relay.TakeBytes();
        }

        yield return new Measurement($"read 3 of {Width} columns: bytes per byte of the columns", bytes / wanted, null, "x", "",
            null, 1.1)
        {
            IsLessBetter = true,
            Note = $"{server.Name}; with headers, index, manifests and heads",
        };
        // Both keep their connections, and ours the index of the bucket; both read again what says where columns are.
        using BlockBackend bucket = S3Blocks.Open(Url(server.Url));
        using LineProcess? pyarrow = StartPyArrow();
        if (pyarrow is null)
        {
            double alone = rounds.AllInTurn(() => ReadOurs(bucket, cids, manifests))[0] ?? 0;
            yield return Time(alone, null, "pyarrow");
            yield break;
        }

        string kind = pyarrow.Ask("kind");
        _ = pyarrow.Ask($"write {path} {BucketServer.Bucket} {Key}");
        (double ours, double theirs) = rounds.InTurn(() => ReadOurs(bucket, cids, manifests),
            () => pyarrow.AskNumber($"read {BucketServer.Bucket} {Key} {string.Join(',', s_wanted)}"));
        yield return Time(ours, theirs, $"pyarrow ({kind}), Parquet, not hashed");
    }

    private static string Url(Uri endpoint) => $"s3://{BucketServer.Bucket}/columns?endpoint={endpoint}";

    private static RecordBatch Make(int rows, int seed)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[rows * sizeof(double)];
        return RecordBatch.Of([.. Enumerable.Range(0, Width).Select(i =>
        {
            random.NextBytes(bytes);
            double[] values = new double[rows];
            ReadOnlySpan<int> numbers = MemoryMarshal.Cast<byte, int>(bytes);
            for (int row = 0; row < rows; row++) values[row] = numbers[row] / 1024.0;
            return ($"c{i}", (ArrowArray)ArrowArray.From<double>(values));
        })]);
    }

    /// <summary>Copies batches to the bucket, as a store does, and writes them as a stream for the competitor.</summary>
    private List<Cid> Upload(int rows, int count, string path, Dictionary<Cid, Cid> manifests)
    {
        var cids = new List<Cid>();
        using BlockBackend bucket = S3Blocks.Open(Url(server.Url));
        using FileStream file = new(path, FileMode.Create);
        ArrowWriter? writer = null;
        for (int i = 0; i < count; i++)
        {
            RecordBatch batch = Make(rows, i);
            (writer ??= new ArrowWriter(file, batch.Schema)).Write(batch);
            EncodedBlock block = CanonicalBlock.Encode(batch);
            using var source = BlockBackend.InMemory();
            source.Put(block.Cid, block.Bytes);
            var made = new ManifestCopies(source);
            _ = bucket.CopyBlocks(source, [block.Cid], made,
                new Operation(ProgressUnit.Bytes, null, CancellationToken.None));
            bucket.CopyManifests(made, CancellationToken.None);
            foreach ((Cid of, Cid manifest) in made.Pairs) manifests.Add(of, manifest);
            cids.Add(block.Cid);
        }

        writer!.Finish();
        writer.Dispose();
        return cids;
    }

    private LineProcess? StartPyArrow()
    {
        if (SourceTree.Python("interop/python/bench_s3.py", server.Url.ToString()) is not { } start) return null;
        // boto3 is beside moto.
        string peers = Environment.GetEnvironmentVariable("ARROWCID_PEERS") ?? "/var/tmp/arrowcid-peers";
        start.Environment["PYTHONPATH"] = Path.Combine(peers, "s3/usr/lib/python3/dist-packages");
        start.RedirectStandardError = true;
        return LineProcess.TryStart(start);
    }

    private static double ReadOurs(BlockBackend bucket, List<Cid> cids, Dictionary<Cid, Cid> manifests)
    {
        long start = Stopwatch.GetTimestamp();
        var reader = new ColumnReader(bucket, s_wanted, cid => manifests[cid]);
        int columns = reader.ReadMany(cids).Sum(batch => batch.Columns.Count);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return columns == cids.Count * s_wanted.Length
            ? seconds
            : throw new InvalidOperationException($"{columns} columns were read");
    }

    private Measurement Time(double ours, double? theirs, string name) => new($"read 3 of {Width} columns: time",
        ours * 1e3, theirs * 1e3, "ms", name, 1.0)
    {
        IsLessBetter = true,
        Note = $"{server.Name}; ours with every piece hashed",
    };
}
