using System.Diagnostics;
using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

public sealed class RebuildProcessTests
{
    private const int Count = 40, Length = 65536;

    /// <summary>A copy is rebuilt by who opens it first; killed there, it leaves that to the next.</summary>
    [Theory]
    [InlineData("C0:1")]
    [InlineData("C1:1")]
    [InlineData("B1:1")]
    [InlineData("B2:1")]
    [InlineData("B3:1")]
    public async Task A_rebuild_killed_at_a_step_loses_nothing(string step)
    {
        string root = Directory.CreateTempSubdirectory("arrowcid-test-").FullName;
        try
        {
            string original = Path.Combine(root, "original"), copy = Path.Combine(root, "copy");
            Guid id;
            using (BlockStore store = BlockStore.Open(original, StoreWorker.Settings(64)))
            {
                id = store.Id;
                for (int number = 0; number < Count; number++) _ = StoreWorker.Put(store, number, Length);
            }

            Assert.Equal(0, FileDescriptor.TryMakeDirectory(copy));
            foreach (string path in Directory.GetFiles(original))
                File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
            using (Process worker = Worker.Start(step, "put", copy, $"{Count}", "1", $"{Length}", "64"))
            {
                _ = await worker.StandardOutput.ReadToEndAsync();
                await worker.WaitForExitAsync();
                Assert.Equal(137, worker.ExitCode);
            }

            using (BlockStore store = BlockStore.Open(copy, StoreWorker.Settings(64)))
            {
                Assert.NotEqual(id, store.Id);
                for (int number = 0; number < Count; number++)
                {
                    using RecordLease? lease = store.Find(Sha256.Hash(StoreWorker.Bytes(number, Length)));
                    Assert.True(lease is not null, string.Create(CultureInfo.InvariantCulture, $"{step}: {number}"));
                }

                _ = StoreWorker.Put(store, Count + 1, Length);
            }

            using (BlockStore.Open(copy, StoreWorker.Settings(64)))
            {
                Assert.Empty(Directory.GetFiles(copy, "*.tmp-*"));
                Assert.Single(Directory.GetFiles(copy, "idx-*"));
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
