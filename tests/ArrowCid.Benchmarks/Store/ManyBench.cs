using System.Runtime.Intrinsics.X86;

namespace ArrowCid.Benchmarks;

/// <summary>Many blocks in one call.</summary>
internal static class ManyBench
{
    private const int Small = 256, Larger = 4096;
    private const int Group = 64;
    private const long Capacity = 3L << 30;

    public static IEnumerable<Measurement> Small256(StoreBenchRun run)
    {
        using BenchStore bench = run.Open("many", Capacity);
        var blocks = new NumberedGroup(Small, Group);
        RedisCompetitor? redis = run.Redis;
        int groups = run.Pick(2000, 100);
        double?[] seconds = run.Rounds.AllInTurn(
            () => Rounds.P50(groups, Group, () => bench.Store.PutRawMany(blocks.Next(), blocks.Results)),
            redis is null ? null : () => Rounds.P50(groups / 4, Group, () =>
            {
                foreach (ReadOnlyMemory<byte> block in blocks.Next()) redis.Append(block.Span[..32], block.Span);
                redis.Flush(Group);
            }));
        redis?.Clear();
        yield return new Measurement("PutMany, 256 B, hashed", 1 / seconds[0], null, "blocks/s", "", null, 1e6)
        {
            Note = $"one thread, {Group} blocks a call",
        };
        yield return new Measurement("PutMany, 256 B, against Redis", 1 / seconds[0], 1 / seconds[1], "blocks/s",
            $"Redis SET, {Group} in a pipeline", null)
        {
            Note = "ours are hashed, theirs are not",
        };
    }

    public static IEnumerable<Measurement> Lanes(StoreBenchRun run)
    {
        using BenchStore bench = run.Open("lanes", Capacity);
        var blocks = new NumberedGroup(Larger, Group);
        double?[] seconds = run.Rounds.AllInTurn(() => Rounds.P50(run.Pick(800, 40), Group,
            () => bench.Store.PutRawMany(blocks.Next(), blocks.Results)));
        bool hasLanes = Avx512F.IsSupported;
        yield return new Measurement("PutMany, 4 KiB, by lanes", Larger / seconds[0] / 1e9, null, "GB/s", "", null, 2.5)
        {
            IsGoalForHere = hasLanes,
            Note = $"one thread, {Group} blocks a call" +
                (hasLanes ? "" : "; the goal is for 16 lanes of AVX-512, which this CPU lacks"),
        };
    }
}

/// <summary>Several numbered blocks at once.</summary>
internal sealed class NumberedGroup
{
    private readonly NumberedBlocks[] _blocks;
    private readonly ReadOnlyMemory<byte>[] _group;

    public NumberedGroup(int length, int count)
    {
        _blocks = [.. Enumerable.Range(0, count).Select(_ => new NumberedBlocks(length))];
        _group = new ReadOnlyMemory<byte>[count];
        Results = new PutResult[count];
    }

    /// <summary>Room for what comes of a put.</summary>
    public PutResult[] Results { get; }

    /// <summary>The next blocks, in memory that the ones after them take.</summary>
    public ReadOnlyMemory<byte>[] Next()
    {
        for (int i = 0; i < _blocks.Length; i++) _group[i] = _blocks[i].Next();
        return _group;
    }
}
