using System.Collections.Concurrent;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>A handle that is closed while others work on it.</summary>
public sealed class CloseTests
{
    private static int Rounds => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 10_000 : 100;

    [Fact]
    public void Closing_while_others_work_ends_their_calls_and_faults_nothing()
    {
        using var directory = new TemporaryStore();
        // The ring is cleaned by the thread pool, which other tests may keep busy for seconds.
        StoreSettings settings = TemporaryStore.Tiny with
        {
            IsRing = true,
            TickInterval = TimeSpan.FromMilliseconds(1),
            Timeout = TimeSpan.FromMinutes(5),
        };
        var failures = new ConcurrentQueue<Exception>();
        using BlockStore keeper = directory.Open(settings);
        Digest256 known = keeper.PutRaw(StoreCalls.Numbered(-1, 5000));
        using RecordLease kept = keeper.Find(known)!;
        int acknowledged = 0;
        for (int round = 0; round < Rounds; round++)
        {
            BlockStore store = directory.Open(settings);
            using var isBusy = new CountdownEvent(4);
            int number = round;
            Thread[] threads =
            [
                Work(isBusy, failures, i =>
                {
                    _ = store.PutRaw(StoreCalls.Numbered((number << 8) + (i % 50), 200));
                    Interlocked.Increment(ref acknowledged);
                }),
                Work(isBusy, failures, _ => Assert.Equal(5000, store.Read(known)!.Length)),
                Work(isBusy, failures, _ =>
                {
                    using LogReader tail = store.Tail(Cursor.Oldest);
                    for (int seen = 0; seen < 500 && tail.TryNext(out LogEvent _); seen++)
                    {
                        // Some way into it, or until the close.
                    }
                }),
                Work(isBusy, failures, _ => Assert.True(store.Examination.GetStatistics().BytesTaken > 0)),
            ];
            isBusy.Wait();
            RecordLease lease = store.Find(known)!;
            ReadOnlyMemory<byte> memory = lease.Memory;
            store.Dispose();
            Assert.Equal(StoreCalls.Numbered(-1, 5000), memory.ToArray());
            lease.Dispose();
            foreach (Thread thread in threads) thread.Join();
            Assert.Empty(failures);
            Assert.Throws<ObjectDisposedException>(() => store.Find(known));
        }

        Assert.True(acknowledged > 0);
        Assert.Equal(StoreCalls.Numbered(-1, 5000), kept.Memory.ToArray());
        // Every lane was let go, and what was acknowledged is there.
        Assert.Equal(0, keeper.Examination.GetStatistics().UnfinishedSegments);
        Assert.True(keeper.Listing.List().Count() > 1);
    }

    [Fact]
    public void Descriptors_and_mappings_are_back_to_the_start_after_the_close()
    {
        using var directory = new TemporaryStore();
        for (int round = 0; round < 50; round++)
        {
            using BlockStore store = directory.Open();
            for (int i = 0; i < 30; i++)
                using (store.Find(store.PutRaw(StoreCalls.Numbered(i, 100_000))))
                {
                    // Leased once.
                }

            using LogReader tail = store.Tail(Cursor.Oldest);
            Assert.True(tail.TryNext(out _));
        }

        Assert.Equal([], Descriptors(directory.Directory));
        // The control file and indexes are unmapped with the last call on them, which the collector knows.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        string[] mapped = Mappings(directory.Directory);
        Assert.DoesNotContain(mapped, line => line.Contains("seg-", StringComparison.Ordinal));
        // The last round's may still stand in a register or on the stack.
        Assert.InRange(mapped.Length, 0, 6);
    }

    [Fact]
    public void A_lease_that_outlives_its_store_keeps_its_segment_and_nothing_else()
    {
        using var directory = new TemporaryStore();
        BlockStore store = directory.Open();
        RecordLease lease = store.Find(store.PutRaw(StoreCalls.Numbered(1, 5000)))!;
        ReadOnlyMemory<byte> memory = lease.Memory;
        store.Dispose();
        Assert.Single(Descriptors(directory.Directory));
        Assert.Equal(StoreCalls.Numbered(1, 5000), memory.ToArray());
        lease.Dispose();
        lease.Dispose();
        Assert.Empty(Descriptors(directory.Directory));
        Assert.Throws<ObjectDisposedException>(() => lease.Memory);
    }

    [Fact]
    public void A_lease_is_released_from_any_thread()
    {
        using var directory = new TemporaryStore();
        BlockStore store = directory.Open();
        Digest256 digest = store.PutRaw(StoreCalls.Numbered(1, 5000));
        RecordLease[] leases = [.. Enumerable.Range(0, 200).Select(_ => store.Find(digest)!)];
        store.Dispose();
        Parallel.For(0, leases.Length * 2, i => leases[i % leases.Length].Dispose());
        Assert.Empty(Descriptors(directory.Directory));
    }

    private static Thread Work(CountdownEvent isBusy, ConcurrentQueue<Exception> failures, Action<int> step)
    {
        var thread = new Thread(() =>
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    Try(step, i);
                    if (i == 0) isBusy.Signal();
                }
            }
            catch (ObjectDisposedException)
            {
                // The one end there is.
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
                if (!isBusy.IsSet) isBusy.Signal();
            }
        });
        thread.Start();
        return thread;
    }

    private static void Try(Action<int> step, int number)
    {
        try
        {
            step(number);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.IndexFull)
        {
            // A ring that is full has no room for a larger index: the put is refused.
        }
    }

    internal static string[] Descriptors(string directory) =>
        [.. Directory.GetFiles("/proc/self/fd").Select(Target).Where(target =>
            target.StartsWith(directory + "/", StringComparison.Ordinal) || target == directory)];

    private static string Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string[] Mappings(string directory) =>
        [.. File.ReadLines("/proc/self/maps").Where(line => line.Contains(directory + "/", StringComparison.Ordinal))];
}
