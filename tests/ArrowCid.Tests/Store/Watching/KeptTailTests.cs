using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>A handle that was asked keeps its place in the log: the next answer has all that was acknowledged before
/// the question, whoever put it and wherever it stands.</summary>
public sealed class KeptTailTests
{
    private const int Seed = 47;

    [Fact]
    public void What_another_handle_had_acknowledged_is_in_the_next_answer()
    {
        using var folder = new TemporaryStore();
        using CidStore asked = Stores.Open(folder);
        using CidStore first = Stores.Open(folder);
        using CidStore second = Stores.Open(folder);
        var random = new Random(Seed);
        for (int i = 0; i < 150; i++)
        {
            // Each handle has a lane of its own, and writes into new segments of all kinds now and then.
            CidStore writer = (i % 3) switch { 0 => first, 1 => second, _ => asked };
            int length = random.Next(12) == 0 && i < 100 ? 1_100_000 : random.Next(10, 60_000);
            Cid cid = writer.PutRaw(StoreCalls.Numbered(i, length)).Cid;
            Assert.True(asked.Metadata.Get(cid) is { IsPresent: true }, $"block {i}, seed {Seed}");
            CidStore other = random.Next(2) == 0 ? first : second;
            other.Metadata.Set(cid, new BlockMetadata { Tags = new Dictionary<string, string?> { ["n"] = $"{i}" } });
            Assert.True(asked.Metadata.Get(cid)?.Tags.GetValueOrDefault("n") == $"{i}", $"tag {i}, seed {Seed}");
            if (i % 10 != 0) continue;
            _ = other.Names.Set("last", cid);
            Assert.Equal(cid, asked.Names.Resolve("last"));
            Assert.True(other.Names.Remove("last"));
            Assert.Single(other.Retention.Remove([cid]).Removed);
            Assert.False(asked.Metadata.Get(cid) is { IsPresent: true }, $"drop of {i}, seed {Seed}");
        }
    }

    [Fact]
    public void A_segment_that_somebody_has_for_himself_is_said_to_be_missing_from_the_answer()
    {
        using var folder = new TemporaryStore();
        using CidStore asked = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 5).Select(i => asked.PutRaw(StoreCalls.Numbered(i)).Cid)];
        Assert.All(cids, cid => Assert.NotNull(asked.Metadata.Get(cid)));
        Cid late;
        using (CidStore other = Stores.Open(folder))
        {
            for (int i = 0; i < 12; i++) _ = other.PutRaw(StoreCalls.Numbered(100 + i, 100_000));
            late = other.PutRaw(StoreCalls.Numbered(9)).Cid;
        }

        using (FileDescriptor directory = FileDescriptor.TryOpenDirectory(folder.Directory, out _)!)
        using (FileDescriptor held = directory.TryOpenFile(StoreLayout.SegmentName(1, 1), writable: true, out _)!)
        {
            Assert.Equal(0, held.TryLock(0, 0, exclusive: true));
            Assert.NotNull(asked.Metadata.Get(cids[0]));
            Assert.Contains(asked.Diagnostics.CheckFacts(), fault =>
                fault.Contains("lane 1: its end cannot be read", StringComparison.Ordinal));
        }

        Assert.NotNull(asked.Metadata.Get(late));
    }
}
