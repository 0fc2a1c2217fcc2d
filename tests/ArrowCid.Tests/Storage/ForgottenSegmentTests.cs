using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>A damaged table gives the slot of a segment away in which acknowledged blocks stand. Nobody takes the file
/// away by its name, and a mending takes it in beside what has its slot by then.</summary>
public sealed class ForgottenSegmentTests
{
    private const int Before = 25, After = 40;

    /// <summary>The word that stands in the slot of the first segment, or of the newest one.</summary>
    public static TheoryData<bool, ulong> Words()
    {
        var data = new TheoryData<bool, ulong>();
        foreach (bool isNewest in (bool[])[false, true])
        {
            data.Add(isNewest, 0);
            data.Add(isNewest, new TableWord(SegmentState.Free, 0, 0, 1).Bits);
            data.Add(isNewest, new TableWord(SegmentState.Free, 0, 0, 7).Bits);
            data.Add(isNewest, new TableWord(SegmentState.Creating, 0, 1, 1).Bits);
            data.Add(isNewest, new TableWord(SegmentState.Retired, 0, 1, 1).Bits);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Every_block_is_there_after_a_mending_whatever_was_put_meanwhile(bool isNewest, ulong word)
    {
        using var directory = new TemporaryStore();
        (List<Digest256> digests, int slot) = Fill(directory, isNewest);
        byte[] elder = File.ReadAllBytes(directory.PathOf(StoreLayout.SegmentName(slot, 1)));
        SetWord(directory, slot, word);
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < After; i++) digests.Add(store.PutRaw(StoreCalls.Numbered(100 + i, 100_000)));
            _ = store.Reaper.Reap(dryRun: false);
        }

        // Who reaps goes on where a janitor died, and finds that all is alive.
        bool isRetired = new TableWord(word).State == SegmentState.Retired;
        IReadOnlyList<StoreFinding> found = StoreDoctor.Examine(directory.Directory);
        Assert.Equal(!isRetired, found.Any(finding => finding.Name == "orphan-segment"));
        StoreDoctor.Repair(directory.Directory, found);
        AssertWhole(directory, digests);

        // A mending that was killed before the old file was gone.
        string old = directory.PathOf(StoreLayout.SegmentName(slot, 1));
        if (word == new TableWord(SegmentState.Free, 0, 0, 7).Bits)
        {
            Assert.False(File.Exists(old));
            File.WriteAllBytes(old, elder);
            _ = StoreMaintenance.Rebuild(directory.Directory);
            Assert.False(File.Exists(old));
            AssertWhole(directory, digests);
        }
    }

    private static void AssertWhole(TemporaryStore directory, List<Digest256> digests)
    {
        using (BlockStore store = directory.Open())
        {
            Assert.All(digests, digest => Assert.Equal(digest, Sha256.Hash(store.Read(digest) ?? [])));
            Assert.Equal(digests.Count, store.Listing.List().Count());
        }

        IReadOnlyList<StoreFinding> left = StoreDoctor.Examine(directory.Directory);
        Assert.True(left.All(finding => finding.Severity == FindingSeverity.Note), string.Join('\n', left));
        Assert.Empty(Directory.GetFiles(directory.Directory, SegmentRepair.Prefix + "*"));
    }

    private static (List<Digest256> Digests, int Slot) Fill(TemporaryStore directory, bool isNewest)
    {
        using BlockStore store = directory.Open();
        List<Digest256> digests =
            [.. Enumerable.Range(0, Before).Select(i => store.PutRaw(StoreCalls.Numbered(i, 100_000)))];
        SegmentReport newest = store.Examination.Segments().Last(segment => segment.Committed > 0);
        Assert.True(StoreLayout.TryParseSegmentName(newest.Name, StoreLayout.MaxSegments, out int last, out _));
        Assert.True(last >= 2);
        return (digests, isNewest ? last : 0);
    }

    private static void SetWord(TemporaryStore directory, int slot, ulong word)
    {
        using FileStream file = File.Open(directory.PathOf(StoreLayout.ControlName), FileMode.Open);
        file.Position = StoreLayout.TableOffset + (slot * (long)StoreLayout.TableEntryBytes);
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, word);
        file.Write(bytes);
    }
}
