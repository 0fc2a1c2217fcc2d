using System.Buffers;
using System.Security.Cryptography;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

namespace ArrowCid.Benchmarks;

/// <summary>What encoding and hashing cost against the hash alone, and against what a user would do today.</summary>
internal static class HashBench
{
    private const int Large = 64 << 20;
    private const int Small = 1024;
    private const int SmallRuns = 50_000;
    private const string PlainHash = "SHA-256 of the same bytes";
    private const string PyArrow = "pyarrow IPC write + hashlib";

    public static IEnumerable<Measurement> Run(Rounds rounds)
    {
        using PyArrowCompetitor? competitor = PyArrowCompetitor.TryStart();
        RecordBatch flat = BenchBatches.Flat(Large);
        yield return AgainstHash(rounds, "encode + hash, flat, 64 MiB", flat, 0.80);
        yield return CidAgainstHash(rounds, "CID alone, flat, 64 MiB", flat, 0.80);
        yield return Verify(rounds, flat);
        yield return AgainstHash(rounds, "encode + hash, text, 64 MiB", BenchBatches.Strings(Large), 0.6);
        yield return AgainstHash(rounds, "encode + hash, nested, 64 MiB", BenchBatches.Nested(Large), 0.6);
        yield return AgainstPyArrow(rounds, competitor, "a batch of 64 MiB to bytes and hash", flat, 1, 1.05);
        yield return Fingerprint(rounds, "logical fingerprint, flat, 64 MiB", flat);
        yield return Fingerprint(rounds, "logical fingerprint, text, 64 MiB", BenchBatches.Strings(Large));
        yield return Fingerprint(rounds, "logical fingerprint, nested, 64 MiB", BenchBatches.Nested(Large));
        yield return Same(rounds, "same, flat, cut otherwise, 64 MiB", flat);
        yield return Same(rounds, "same, text, cut otherwise, 64 MiB", BenchBatches.Strings(Large));
        RecordBatch small = BenchBatches.Flat(Small);
        Measurement tiny = AgainstPyArrow(
            rounds, competitor, "a batch of 1 KiB to bytes and hash", small, SmallRuns, 3);
        yield return tiny;
        yield return new Measurement(
            "batches of 1 KiB a second a core", tiny.Ours, null, "batches/s", "-", null, 300_000);
    }

    private static Measurement AgainstHash(Rounds rounds, string name, RecordBatch batch, double goal)
    {
        var target = new ArrayBufferWriter<byte>(checked((int)CanonicalBlock.Address(batch).ByteLength));
        CanonicalBlock.EncodeTo(batch, target);
        byte[] block = target.WrittenSpan.ToArray();
        return InTurn(rounds, name, block, goal, () =>
        {
            target.ResetWrittenCount();
            CanonicalBlock.EncodeTo(batch, target);
        });
    }

    private static Measurement CidAgainstHash(Rounds rounds, string name, RecordBatch batch, double goal) =>
        InTurn(rounds, name, CanonicalBlock.Encode(batch).Bytes.ToArray(), goal, () => CanonicalBlock.CidOf(batch));

    private static Measurement Verify(Rounds rounds, RecordBatch batch)
    {
        EncodedBlock encoded = CanonicalBlock.Encode(batch);
        byte[] block = encoded.Bytes.ToArray();
        return InTurn(rounds, "verify, 64 MiB", block, 0.95, () =>
        {
            if (encoded.Cid.Hash.Verify(block) != HashVerification.Match)
                throw new ArrowCidException(ErrorCode.Internal, "A block does not verify.");
        });
    }

    private static Measurement Fingerprint(Rounds rounds, string name, RecordBatch batch) =>
        Figure(InTurn(rounds, name, CanonicalBlock.Encode(batch).Bytes.ToArray(), 0, () =>
            _ = FingerprintHasher.Of([batch])));

    /// <summary>A table against the same values, of which nothing lies in one place with another.</summary>
    private static Measurement Same(Rounds rounds, string name, RecordBatch batch)
    {
        byte[] block = CanonicalBlock.Encode(batch).Bytes.ToArray();
        RecordBatch copy = CanonicalBlock.DecodeView(block);
        int cut = copy.Length / 3;
        return Figure(InTurn(rounds, name, block, 0, () =>
        {
            DataComparison found = DataComparison.Between([DiffPart.Of(batch)],
                [DiffPart.Of(copy.Slice(0, cut)), DiffPart.Of(copy.Slice(cut, copy.Length - cut))]);
            if (found.Difference is not null) throw new InvalidOperationException("the values differ");
        }));
    }

    private static Measurement Figure(Measurement each) => each with { Goal = null, FigureGoal = 0.6 };

    private static Measurement InTurn(Rounds rounds, string name, byte[] block, double goal, Action ours)
    {
        byte[] digest = new byte[32];
        (double mine, double plain) = rounds.InTurn(
            () => Rounds.Seconds(ours), () => Rounds.Seconds(() => SHA256.HashData(block, digest)));
        double gigabytes = block.Length / 1e9;
        return new Measurement(name, gigabytes / mine, gigabytes / plain, "GB/s", PlainHash, goal);
    }

    private static Measurement AgainstPyArrow(
        Rounds rounds, PyArrowCompetitor? competitor, string name, RecordBatch batch, int times, double goal)
    {
        EncodedBlock encoded = CanonicalBlock.Encode(batch);
        var target = new ArrayBufferWriter<byte>(encoded.Bytes.Length);
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, encoded.Bytes.ToArray());
            competitor?.Load(path);
            (double mine, double theirs) =
                rounds.InTurn(() => Rounds.Seconds(Ours), () => competitor?.Run(times) ?? double.NaN);
            double? competitors = competitor is null ? null : times / theirs;
            return new Measurement(name, times / mine, competitors, "batches/s", PyArrow, goal);
        }
        finally
        {
            File.Delete(path);
        }

        void Ours()
        {
            for (int i = 0; i < times; i++)
            {
                target.ResetWrittenCount();
                CanonicalBlock.EncodeTo(batch, target);
            }
        }
    }
}
