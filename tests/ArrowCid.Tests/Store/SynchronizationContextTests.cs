using System.Collections.Concurrent;
using System.Net;
using System.Runtime.ExceptionServices;
using ArrowCid.Client;
using ArrowCid.Registry;
using ArrowCid.Server;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Tests.Store;

/// <summary>
/// The calls that block, and those that do not where somebody blocks on them, on the one thread of a synchronisation
/// context that runs what is posted to it only between calls, as a user interface's does: who waited there for
/// something that is posted there would wait for ever.
/// </summary>
public sealed class SynchronizationContextTests
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(3);

    [Fact]
    public void Every_blocking_call_of_a_store_returns_inside_a_single_threaded_context()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        Run(() =>
        {
            using CidStore store = Stores.Open(folder), target = Stores.Open(other);
            Cid a = store.Put(Stores.Numbers(1), new PutOptions { Producer = "p", Pin = true }).Cid;
            PutResult[] many = store.PutMany([Stores.Numbers(2), Stores.Numbers(3)]);
            var results = new PutResult[2];
            _ = store.PutRawMany([new byte[] { 1 }, new byte[] { 2 }], results);
            Cid set = store.Datasets.Put([.. many.Select(put => put.Cid)]).Cid;
            store.Names.Set("n", set);
            store.Metadata.Tag(a, "k", "v");
            // Later than its put, and past once the empty watch below has waited.
            store.Metadata.SetExpiry(results[0].Cid, DateTimeOffset.UtcNow.AddMilliseconds(1));
            store.Flush();
            using (BatchLease? lease = store.TryGet(a)) Assert.NotNull(lease);
            using (BlockHold hold = store.Retention.Hold(a)) Assert.Single(hold.Cids);
            Assert.Equal(3, store.List().Count());
            Assert.Equal([a], store.Query(Filter.Parse("tag.k = \"v\"")).Select(entry => entry.Cid));
            // A pin announces its block again.
            Assert.Equal(3, store.Watch(Cursor.Oldest, new WatchOptions { Timeout = TimeSpan.Zero }).DistinctBy(heard => heard.Cid).Count());
            Assert.Empty(store.Watch(Cursor.Now, new WatchOptions { Timeout = TimeSpan.FromMilliseconds(5) }));
            Assert.True(store.Maintenance.Checkpoint());
            Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact));
            Assert.Equal([results[0].Cid], store.Retention.Collect().Collected.Select(block => block.Cid));
            _ = store.Retention.Forget(["n"], new ForgetPolicy { KeepLast = 1 });
            Assert.Equal([results[1].Cid], store.Retention.Remove([results[1].Cid]).Removed);
            _ = store.Maintenance.Compact(1);
            using var car = new MemoryStream();
            _ = store.Transfer.ExportCar([set], car);
            car.Position = 0;
            _ = target.Transfer.ImportCar(car);
            using var backup = new MemoryStream();
            _ = store.Transfer.Backup(backup);
            _ = target.Transfer.Restore(StoreBackup.Read([backup]));
            _ = store.Transfer.CopyTo(target);
            Assert.Equal(set, target.Names.Resolve("n"));
            _ = store.Maintenance.Reap();
            Assert.Empty(store.Diagnostics.CheckFacts());
            Assert.True(store.Names.Remove("n"));
            Assert.True(store.Retention.Unpin(a));
            Pump(async () =>
            {
                await foreach (StoreEvent announcement in store.WatchAsync(Cursor.Oldest).ConfigureAwait(true))
                {
                    Assert.NotEqual(default, announcement.Cursor);
                    break;
                }
            });
        });
        _ = StoreMaintenance.Rebuild(folder.Directory);
    }

    /// <summary>A server and a client, which have no blocking calls: their tasks are blocked on.</summary>
    [Fact]
    public void Tasks_of_client_and_server_end_where_the_only_thread_of_a_context_blocks_on_them() => Run(() =>
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        var options = new CidServerOptions { Flight = new IPEndPoint(IPAddress.Loopback, 0), Http = null };
        CidServer server = CidServer.StartAsync(store, options).GetAwaiter().GetResult();
        try
        {
            string token = File.ReadAllText(Path.Combine(store.Directory, "serve.token")).Trim();
            using var client = new CidClient(new Uri($"grpc://{server.Flight}"),
                new CidClientOptions { Token = token, UseLocalStore = false });
            Cid cid = client.PutAsync(Stores.Numbers(new double[100_000])).GetAwaiter().GetResult().Cid;
            using (RemoteBatch? batch = client.TryGetAsync(cid).GetAwaiter().GetResult()) Assert.NotNull(batch);
            IAsyncEnumerator<Cid> listed = client.ListAsync().GetAsyncEnumerator();
            Assert.True(listed.MoveNextAsync().AsTask().GetAwaiter().GetResult());
            Assert.Equal(cid, listed.Current);
            listed.DisposeAsync().AsTask().GetAwaiter().GetResult();
            IAsyncEnumerator<StoreEvent> heard = client.WatchAsync(Cursor.Oldest).GetAsyncEnumerator();
            Assert.True(heard.MoveNextAsync().AsTask().GetAwaiter().GetResult());
            Assert.Equal(cid, heard.Current.Cid);
            heard.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    });

    /// <summary>Runs it on a thread of its own, in a context whose posts nobody runs meanwhile.</summary>
    private static void Run(Action body)
    {
        ExceptionDispatchInfo? fault = null;
        var thread = new Thread(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new Posting());
            try
            {
                body();
            }
            catch (Exception e)
            {
                fault = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(s_watchdog), "a call waits for something that was posted to its own thread");
        fault?.Throw();
    }

    /// <summary>Runs what is posted until a task is done.</summary>
    private static void Pump(Func<Task> start)
    {
        Task task = start();
        var context = (Posting)SynchronizationContext.Current!;
        while (!task.IsCompleted) context.RunOne();
        task.GetAwaiter().GetResult();
    }

    private sealed class Posting : SynchronizationContext
    {
        private readonly BlockingCollection<(SendOrPostCallback Call, object? State)> _posted = [];

        public override void Post(SendOrPostCallback d, object? state) => _posted.Add((d, state));

        public override void Send(SendOrPostCallback d, object? state) =>
            throw new NotSupportedException("who sends to the thread that he is on runs in himself");

        public void RunOne()
        {
            if (_posted.TryTake(out (SendOrPostCallback Call, object? State) one, 10)) one.Call(one.State);
        }
    }
}
