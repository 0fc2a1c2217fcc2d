using ArrowCid.Columnar;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>What one process has proved no other proves again, until the block is moved, repaired or found
/// damaged.</summary>
public sealed class MarkTests
{
    [Fact]
    public void First_read_proves_a_block_once_for_all_processes()
    {
        using var directory = new TemporaryStore();
        using CidStore one = Open(directory), other = Open(directory);
        Cid cid = one.Put(Batch(500)).Cid, unread = one.Put(Batch(501)).Cid;
        one.TryGet(cid)!.Dispose();
        Assert.True(File.Exists(directory.PathOf(VerifiedMarks.Name)));
        Stored.Flip(directory.Directory, cid);
        Stored.Flip(directory.Directory, unread);
        // It was proved since the machine started; the other one was not.
        other.TryGet(cid)!.Dispose();
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => other.TryGet(unread)).Code);
        // Whoever finds the damage takes the mark away.
        Assert.False(other.Diagnostics.Verify(cid)!.Value.IsIntact);
        using CidStore third = Open(directory);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => third.TryGet(cid)).Code);
    }

    [Fact]
    public void Put_marks_what_it_hashed_and_repairs_what_was_marked()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        Cid first = store.Put(Batch(3)).Cid;
        store.TryGet(first)!.Dispose();
        RecordBatch batch = Batch(500);
        Cid cid = store.Put(batch).Cid;
        Assert.Equal(Proof.Form, Of(store, cid));
        Stored.Flip(directory.Directory, cid);
        // A mark does not stand for the comparison of a known block.
        using CidStore other = Open(directory);
        Assert.True(other.Put(batch).IsRepaired);
        Assert.Equal(Proof.Form, Of(store, cid));
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("cut short")]
    [InlineData("emptied")]
    [InlineData("another boot")]
    public void Marks_are_discarded_when_their_file_is_not_of_this_boot_and_store(string what)
    {
        using var directory = new TemporaryStore();
        Cid cid;
        using (CidStore store = Open(directory))
        {
            cid = store.Put(Batch(500)).Cid;
            store.TryGet(cid)!.Dispose();
        }

        string path = directory.PathOf(VerifiedMarks.Name);
        using (FileStream file = File.Open(path, FileMode.Open))
        {
            if (what == "cut short") file.SetLength(file.Length / 2);
            else if (what == "emptied") file.SetLength(0);
            else
            {
                // The boot, or a reserved byte that only the checksum covers.
                file.Position = what == "header" ? 200 : 66;
                file.WriteByte(0x5a);
            }
        }

        Stored.Flip(directory.Directory, cid);
        using CidStore again = Open(directory);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => again.TryGet(cid)).Code);
        Cid other = again.Put(Batch(4)).Cid;
        again.TryGet(other)!.Dispose();
        Assert.Equal(Proof.Form, Of(again, other));
    }

    [Fact]
    public void Marks_of_a_handle_that_only_reads_are_its_own()
    {
        using var directory = new TemporaryStore();
        Cid cid;
        using (CidStore store = CidStore.Open(directory.Directory)) cid = store.Put(Batch(500)).Cid;
        using CidStore reader = CidStore.Open(directory.Directory,
            new CidStoreOptions { ReadOnly = true, Verify = VerifyMode.FirstRead });
        reader.TryGet(cid)!.Dispose();
        Assert.False(File.Exists(directory.PathOf(VerifiedMarks.Name)));
        Stored.Flip(directory.Directory, cid);
        reader.TryGet(cid)!.Dispose();
    }

    private static Proof Of(CidStore store, Cid cid)
    {
        using RecordLease lease = store.Reading.LeaseUnproved(cid)!;
        return lease.ProofIn(store.Blocks.Verified);
    }

    private static RecordBatch Batch(int rows) =>
        RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i * 3).ToArray())));

    private static CidStore Open(TemporaryStore directory) => CidStore.Open(directory.Directory,
        new CidStoreOptions { Verify = VerifyMode.FirstRead, Timeout = TimeSpan.FromSeconds(20) });
}
