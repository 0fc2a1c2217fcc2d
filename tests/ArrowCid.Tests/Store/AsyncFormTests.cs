using System.Net;
using System.Net.Sockets;
using System.Reflection;
using ArrowCid.Registry;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Tests.Store;

/// <summary>The asynchronous forms of calls that may take long.</summary>
public sealed class AsyncFormTests
{
    private static readonly CollectOptions s_everything = new() { Unreferenced = true, OlderThan = TimeSpan.Zero };

    private static readonly Dictionary<string, LongCall> s_calls = new LongCall[]
    {
        Call("Open", (world, progress, end) =>
        {
            using CidStore copy = CidStore.Open(world.CopyFiles(), null, progress, end);
            return $"{copy.List().Count()}";
        }, async (world, progress, end) =>
        {
            await using CidStore copy = await CidStore.OpenAsync(world.CopyFiles(), null, progress, end);
            return $"{copy.List().Count()}";
        }),
        Call("Rebuild", (world, progress, end) => $"{StoreMaintenance.Rebuild(Closed(world), progress, end)}",
            async (world, progress, end) => $"{await StoreMaintenance.RebuildAsync(Closed(world), progress, end)}"),
        Call("Backup", (world, progress, end) => Text(world.Store.Transfer.Backup(new MemoryStream(), null, progress, end)),
            async (world, progress, end) => Text(await world.Store.Transfer.BackupAsync(new MemoryStream(), null, progress, end))),
        Call("StoreBackup.Read", (world, progress, end) => $"{StoreBackup.Read([world.Backup], true, progress, end).BlockCount}",
            async (world, progress, end) => $"{(await StoreBackup.ReadAsync([world.Backup], true, progress, end)).BlockCount}"),
        Call("Restore", (world, progress, end) => $"{world.Target.Transfer.Restore(world.ReadBackup(), false, progress, end)}",
            async (world, progress, end) => $"{await world.Target.Transfer.RestoreAsync(world.ReadBackup(), false, progress, end)}"),
        Call("CopyTo", (world, progress, end) => $"{world.Store.Transfer.CopyTo(world.Target, false, progress, end).NewBlocks}",
            async (world, progress, end) => $"{(await world.Store.Transfer.CopyToAsync(world.Target, false, progress, end)).NewBlocks}"),
        Call("ExportCar", (world, progress, end) => Text(world.Store.Transfer.ExportCar([world.Set], new MemoryStream(), null, progress, end)),
            async (world, progress, end) => Text(await world.Store.Transfer.ExportCarAsync([world.Set], new MemoryStream(), null, progress, end))),
        Call("ImportCar", (world, progress, end) => $"{world.Target.Transfer.ImportCar(Rewound(world), null, progress, end).Blocks.Count}",
            async (world, progress, end) => $"{(await world.Target.Transfer.ImportCarAsync(Rewound(world), null, progress, end)).Blocks.Count}"),
        Call("Collect", (world, progress, end) => Text(world, world.Store.Retention.Collect(s_everything, progress, end)),
            async (world, progress, end) => Text(world, await world.Store.Retention.CollectAsync(s_everything, progress, end))),
        Call("Compact", (world, progress, end) => Text(Removed(world).Compact(1, false, progress, end)),
            async (world, progress, end) => Text(await Removed(world).CompactAsync(1, false, progress, end))),
        Call("VerifyAll", (world, progress, end) => Text(world.Store.Diagnostics.VerifyAll(progress, end)),
            async (world, progress, end) => Text(await All(world.Store.Diagnostics.VerifyAllAsync(progress, end)))),
        Call("RepairAll", (world, progress, end) => Text(Damaged(world).RepairAll(world.Source, progress, end)),
            async (world, progress, end) => Text(await All(Damaged(world).RepairAllAsync(world.Source, progress, end)))),
        Call("GetStatistics", (world, progress, end) => Text(world.Store.Diagnostics.GetStatistics(progress, end)),
            async (world, progress, end) => Text(await world.Store.Diagnostics.GetStatisticsAsync(progress, end))),
        Call("GetUsage", (world, progress, end) => Text(world.Store.Diagnostics.GetUsage(UsageBy.Name, null, progress, end)),
            async (world, progress, end) => Text(await world.Store.Diagnostics.GetUsageAsync(UsageBy.Name, null, progress, end))),
        Call("PutSnapshot", (world, progress, end) => $"{world.Store.Metadata.PutSnapshot(null, false, progress, end).IsNew}",
            async (world, progress, end) => $"{(await world.Store.Metadata.PutSnapshotAsync(null, false, progress, end)).IsNew}"),
        Call("Set", (world, progress, end) => $"{world.Store.Metadata.Set(Tags(world), progress, end)}",
            async (world, progress, end) => $"{await world.Store.Metadata.SetAsync(Tags(world), progress, end)}"),
        Call("Places.Copy", (world, progress, end) => $"{world.Store.Places.Copy(world.Loose, "cold", null, progress, end)}",
            async (world, progress, end) => $"{await world.Store.Places.CopyAsync(world.Loose, "cold", null, progress, end)}"),
        Call("Places.AddCopies", (world, progress, end) => $"{world.Store.Places.AddCopies(2, null, progress, end)}",
            async (world, progress, end) => $"{await world.Store.Places.AddCopiesAsync(2, null, progress, end)}"),
        Call("Places.Drop", (world, progress, end) => Text(world.Store.Places.Drop(world.Cids, null, progress, end)),
            async (world, progress, end) => Text(await world.Store.Places.DropAsync(world.Cids, null, progress, end))),
        Call("Backend.CopyFrom", (world, progress, end) => $"{world.Target.Transfer.AsBackend().CopyFrom(world.Source, [world.Set], progress, end)}",
            async (world, progress, end) => $"{await world.Target.Transfer.AsBackend().CopyFromAsync(world.Source, [world.Set], progress, end)}"),
        Call("Backend.ExportCar", (world, progress, end) => Text(world.Source.ExportCar([world.Set], new MemoryStream(), null, progress, end)),
            async (world, progress, end) => Text(await world.Source.ExportCarAsync([world.Set], new MemoryStream(), null, progress, end))),
    }.ToDictionary(call => call.Name, StringComparer.Ordinal);

    public static TheoryData<string> Calls => [.. s_calls.Keys];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Async_form_gives_the_same_as_the_synchronous_one_and_reports_up_to_the_total(string name)
    {
        LongCall call = s_calls[name];
        using var one = new AsyncWorld();
        using var other = new AsyncWorld();
        var reports = new List<OperationProgress>();
        var sync = new List<OperationProgress>();
        string expected = call.Run(one, new Reports(sync.Add), CancellationToken.None);
        Assert.Equal(expected, await call.RunAsync(other, new Reports(reports.Add), CancellationToken.None));
        Assert.Equal(one.State(), other.State());
        foreach (List<OperationProgress> each in new[] { sync, reports })
        {
            Assert.True(each.Count >= 2, $"{each.Count} reports");
            Assert.Equal(each[^1].Completed, each[^1].Total);
            Assert.True(each[^1].Completed > 0);
            Assert.All(each.Zip(each.Skip(1)), pair => Assert.True(pair.First.Completed <= pair.Second.Completed));
            Assert.All(each, report => Assert.True(report.Total is null || report.Completed <= report.Total));
            Assert.Single(each.Select(report => report.Unit).Distinct());
        }
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Async_form_canceled_in_the_middle_leaves_clean_stores_and_can_be_repeated(string name)
    {
        LongCall call = s_calls[name];
        using var world = new AsyncWorld();
        using var whole = new AsyncWorld();
        _ = call.Run(whole, new Reports(_ => { }), CancellationToken.None);
        using var end = new CancellationTokenSource();
        int reports = 0;
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.RunAsync(world, new Reports(_ =>
        {
            reports++;
            end.Cancel();
        }), end.Token));
        // It ends at the next point at which it looks.
        Assert.Equal(1, reports);
        if (name == "RepairAll") _ = world.Store.Maintenance.RepairAll(world.Source).ToArray();
        world.AssertClean();
        _ = await call.RunAsync(world, new Reports(_ => { }), CancellationToken.None);
        world.AssertClean();
        Assert.Equal(whole.State(), world.State());
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Synchronous_form_canceled_before_it_begins_changes_nothing(string name)
    {
        using var world = new AsyncWorld();
        string before = world.State();
        var reports = new List<OperationProgress>();
        _ = Assert.ThrowsAny<OperationCanceledException>(() =>
            s_calls[name].Run(world, new Reports(reports.Add), new CancellationToken(canceled: true)));
        Assert.Empty(reports);
        if (name is "Compact" or "RepairAll") return;
        Assert.Equal(before, world.State());
    }

    [Fact]
    public void Every_public_member_that_takes_a_token_has_an_async_form()
    {
        string[] expected =
        [
            "BatchColumn.ReadFrom", "BlockBackend.Contains", "BlockBackend.ContainsMany", "BlockBackend.CopyFrom", "BlockBackend.Delete",
            "BlockBackend.ExportCar", "BlockBackend.List", "BlockBackend.Put", "BlockBackend.Test", "BlockBackend.TryGet", "BlockBackend.TryGetRange",
            "BlockBackend.TryGetRanges", "ChannelConsumer.Receive", "ChannelPeer.ReadFirstBlock", "ChannelSync.Export", "ChannelSync.With", "ChannelSync.WithPeer", "CidStore.Open", "CidStore.Watch", "ReadRecorder.WriteTo", "StoreAudit.List", "StoreBackup.Read", "StoreCache.Evict",
            "StoreCache.Prefetch", "StoreDiagnostics.CheckFacts",
            "StoreDiagnostics.GetStatistics", "StoreDiagnostics.GetUsage", "StoreDiagnostics.Verify", "StoreDiagnostics.VerifyAll",
            "StoreMaintenance.Checkpoint", "StoreMaintenance.Compact", "StoreMaintenance.Reap", "StoreMaintenance.Rebuild", "StoreMaintenance.Repair",
            "StoreMaintenance.RepairAll", "StoreMaintenance.RunOnce", "StoreMetadata.Count", "StoreMetadata.PutSnapshot", "StoreMetadata.QueryPage",
            "StoreMetadata.ReadCatalog", "StoreMetadata.Set", "StorePlaces.AddCopies", "StorePlaces.Copy", "StorePlaces.CopyBacklog",
            "StorePlaces.Drop", "StorePlaces.FindShort", "StorePlaces.GetUsage", "StorePlaces.ListAt", "StorePlaces.Prove", "StorePlaces.ReadColumns",
            "StoreRetention.Collect", "StoreRetention.Forget", "StoreRetention.Forget", "StoreRetention.GetRemovals", "StoreRetention.Remove",
            "StoreRetention.RemoveExpired", "StoreRetention.RemoveWhere", "StoreSeals.Check", "StoreSignatures.ExportBundle", "StoreSignatures.Sign", "StoreTransfer.Backup", "StoreTransfer.CopyTo", "StoreTransfer.ExportCar", "StoreTransfer.ImportCar",
            "StoreTransfer.Restore", "StoreTransfer.Sync",
        ];
        MethodInfo[] methods = [.. typeof(CidStore).Assembly.GetExportedTypes().SelectMany(type => type.GetMethods(
            BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))];
        MethodInfo[] takesToken = [.. methods.Where(method => !method.Name.EndsWith("Async", StringComparison.Ordinal) &&
            method.GetParameters() is [.., { ParameterType: var last }] && last == typeof(CancellationToken) &&
            // The asynchronous form of this one has no time after which it ends.
            NameOf(method) != "MessageChannel.Read" &&
            // An asynchronous method has no out parameter.
            !method.GetParameters().Any(parameter => parameter.IsOut))];
        Assert.Equal(expected, takesToken.Select(NameOf).Order(StringComparer.Ordinal));
        foreach (MethodInfo method in takesToken)
        {
            MethodInfo form = Assert.Single(methods, other => other.DeclaringType == method.DeclaringType &&
                other.Name == method.Name + "Async" && other.IsStatic == method.IsStatic &&
                ParametersOf(other).SequenceEqual(ParametersOf(method)));
            Type result = method.ReturnType;
            Type wanted = result == typeof(void) ? typeof(Task)
                : result.IsGenericType && result.GetGenericTypeDefinition() == typeof(IEnumerable<>)
                    ? typeof(IAsyncEnumerable<>).MakeGenericType(result.GetGenericArguments())
                    : typeof(Task<>).MakeGenericType(result);
            Assert.Equal(wanted, form.ReturnType);
        }

        static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";
        static IEnumerable<(string?, Type)> ParametersOf(MethodInfo method) =>
            method.GetParameters().Select(parameter => (parameter.Name, parameter.ParameterType));
    }

    [Fact]
    public async Task Async_form_without_progress_ends_when_its_token_is_canceled()
    {
        using var world = new AsyncWorld();
        CidStore store = world.Store;
        string before = world.State();
        var canceled = new CancellationToken(canceled: true);
        var policy = new ForgetPolicy { KeepLast = 1 };
        foreach (Func<Task> call in new Func<Task>[]
        {
            () => store.FlushAsync(canceled),
            () => store.Metadata.CountAsync(cancellationToken: canceled),
            () => store.Metadata.QueryPageAsync(new QueryOptions(), canceled),
            () => All(store.Metadata.QueryAsync(cancellationToken: canceled)),
            () => All(store.Metadata.ReadCatalogAsync(cancellationToken: canceled)),
            () => store.Retention.ForgetAsync(["all"], policy, false, canceled),
            () => store.Retention.ForgetAsync(Filter.Parse("rows > 0"), [], policy, false, canceled),
            () => store.Retention.RemoveAsync(world.Loose, false, false, canceled),
            () => store.Retention.RemoveExpiredAsync(false, canceled),
            () => store.Retention.GetRemovalsAsync(canceled),
            () => store.Diagnostics.Audit.ListAsync(null, canceled),
            () => store.Maintenance.CheckpointAsync(canceled),
            () => store.Maintenance.ReapAsync(false, canceled),
            () => store.Maintenance.RepairAsync(world.Cids[0], world.Source, canceled),
            () => store.Maintenance.RunOnceAsync(false, null, canceled),
            () => store.Diagnostics.VerifyAsync(world.Cids[0], null, canceled),
            () => store.Diagnostics.CheckFactsAsync(canceled),
            () => store.Places.ProveAsync(world.Cids[0], "cold", canceled),
            () => All(store.Places.ReadColumnsAsync(world.Cids[0], ["n"], null, canceled)),
            () => All(BatchColumn.ReadFromAsync(world.Source, world.Cids[0], ["n"], canceled)),
            () => world.Source.TryGetRangeAsync(world.Cids[0], new BlockSlice(0, 8, world.Cids[0]), canceled),
            () => world.Source.TryGetRangesAsync(world.Cids[0], [new BlockSlice(0, 8, world.Cids[0])], canceled),
            () => All(store.Places.FindShortAsync(2, null, canceled)),
            () => All(store.Places.ListAtAsync("cold", canceled)),
            () => world.Source.TestAsync(canceled),
            () => world.Source.TryGetAsync(world.Cids[0], canceled),
            () => world.Source.ContainsAsync(world.Cids[0], canceled),
            () => world.Source.PutAsync(Cid.Sha256(Multicodec.Raw, [1]), new byte[] { 1 }, canceled),
            () => world.Source.DeleteAsync(world.Cids[0], canceled),
        })
            _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
        Assert.Equal(before, world.State());
        Assert.True(world.Source.Contains(world.Cids[0]));
    }

    [Fact]
    public async Task Enumeration_ends_in_the_middle_when_its_token_is_canceled()
    {
        using var world = new AsyncWorld();
        foreach (IAsyncEnumerable<object> items in new IAsyncEnumerable<object>[]
        {
            world.Store.Metadata.QueryAsync(cancellationToken: CancellationToken.None), world.Store.Places.ListAtAsync("cold"),
        })
        {
            using var end = new CancellationTokenSource();
            int seen = 0;
            _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (object item in items.WithCancellation(end.Token))
                {
                    Assert.NotNull(item);
                    if (++seen == 1) await end.CancelAsync();
                }
            });
            Assert.InRange(seen, 1, 64);
        }

        StoredEntry[] all = await All(world.Store.Metadata.QueryAsync());
        Assert.Equal(world.Store.Query().Select(entry => entry.Cid).Order(), all.Select(entry => entry.Cid).Order());
    }

    [Fact]
    public async Task Token_reaches_the_backend_that_a_call_waits_for()
    {
        using var world = new AsyncWorld();
        world.Damage();
        Cid damaged = world.Cids[^1];
        using var memory = BlockBackend.InMemory();
        // A CAR without its blocks: they are asked for elsewhere.
        byte[] root = ArrowCid.Ipld.DagCbor.Encode(ArrowCid.Ipld.IpldNode.List([ArrowCid.Ipld.IpldNode.Link(damaged)]));
        Cid list = Cid.Sha256(Multicodec.DagCbor, root);
        var car = new MemoryStream();
        var writer = new ArrowCid.Ipld.Car.CarWriter(car, [list], version: 1);
        writer.Add(list, root);
        _ = writer.Finish();
        foreach (Func<BlockBackend, CancellationToken, Task> call in new Func<BlockBackend, CancellationToken, Task>[]
        {
            (source, end) => source.TryGetAsync(damaged, end),
            (source, end) => source.ContainsAsync(damaged, end),
            (source, end) => source.ExportCarAsync([damaged], new MemoryStream(), null, null, end),
            (source, end) => memory.CopyFromAsync(source, [damaged], null, end),
            (source, end) => world.Store.Diagnostics.VerifyAsync(damaged, source, end),
            (source, end) => world.Store.Maintenance.RepairAsync(damaged, source, end),
            (source, end) => All(world.Store.Maintenance.RepairAllAsync(source, null, end)),
            (source, end) => world.Target.Transfer.ImportCarAsync(car, new CarImportOptions { From = source }, null, end),
            (source, end) => BlockBackend.Several([memory, source]).TryGetAsync(damaged, end),
        })
        {
            using var end = new CancellationTokenSource();
            using var source = new WaitingBackend();
            Task run = call(source, end.Token);
            await source.Asked;
            Assert.False(run.IsCompleted);
            await end.CancelAsync();
            _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        }

        Assert.False(memory.Contains(damaged));
        Assert.Empty(world.Target.List());
    }

    [Fact]
    public async Task Token_ends_a_request_that_a_gateway_does_not_answer()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using BlockBackend gateway = BlockBackend.Gateway(new Uri($"http://{listener.LocalEndpoint}"), TimeSpan.FromHours(1));
        using var end = new CancellationTokenSource();
        Task<BlockLease?> run = gateway.TryGetAsync(Cid.Sha256(Multicodec.Raw, [1]), end.Token);
        using TcpClient asked = await listener.AcceptTcpClientAsync();
        await end.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Maintenance_canceled_after_a_step_keeps_what_is_done_and_goes_on_with_the_next_call()
    {
        using var world = new AsyncWorld();
        world.RemoveLoose();
        using var end = new CancellationTokenSource();
        var steps = new List<MaintenanceStep>();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Store.Maintenance.RunOnceAsync(false,
            new StepReports(step =>
            {
                steps.Add(step);
                end.Cancel();
            }), end.Token));
        _ = Assert.Single(steps);
        world.AssertClean();
        var more = new List<MaintenanceStep>();
        IReadOnlyList<MaintenanceStep> done = await world.Store.Maintenance.RunOnceAsync(false, new StepReports(more.Add),
            CancellationToken.None);
        Assert.NotEmpty(done);
        Assert.Equal(done, more);
        Assert.Empty(await world.Store.Maintenance.RunOnceAsync());
        world.AssertClean();
    }

    private static LongCall Call(string name, Func<AsyncWorld, IProgress<OperationProgress>, CancellationToken, string> run,
        Func<AsyncWorld, IProgress<OperationProgress>, CancellationToken, Task<string>> runAsync) => new(name, run, runAsync);

    private static string Closed(AsyncWorld world)
    {
        world.Close();
        return world.Directory;
    }

    private static MemoryStream Rewound(AsyncWorld world)
    {
        world.Car.Position = 0;
        return world.Car;
    }

    private static StoreMaintenance Removed(AsyncWorld world)
    {
        world.RemoveLoose();
        return world.Store.Maintenance;
    }

    private static StoreMaintenance Damaged(AsyncWorld world)
    {
        world.Damage();
        return world.Store.Maintenance;
    }

    private static IEnumerable<KeyValuePair<Cid, BlockMetadata>> Tags(AsyncWorld world) => world.Cids.Select(cid =>
        KeyValuePair.Create(cid, new BlockMetadata { Tags = new Dictionary<string, string?> { ["t"] = "1" } }));

    private static string Text(BackupResult made) => $"{made.Blocks} {made.NewBlocks} {made.NewFacts} {made.Faults.Count}";

    private static string Text(CarExport made) => $"{string.Join(' ', made.Roots)} {made.Blocks} {made.ByteLength} {made.LargestBlock}";

    private static string Text(AsyncWorld world, CollectResult made) =>
        string.Join(' ', made.Collected.Select(block => block.Cid).Intersect([.. world.Cids, .. world.Loose]).Order());

    private static string Text(CompactResult made) => $"{made.Segments.Count} {made.BytesFreed}";

    private static string Text(RemoveResult made) => $"{string.Join(' ', made.Removed)} {made.Kept.Count} {made.ByteLength}";

    private static string Text(IEnumerable<VerifyResult> made) => string.Join(' ', made.Select(each => $"{each.Cid} {each.IsIntact}").Order(StringComparer.Ordinal));

    private static string Text(IEnumerable<RepairResult> made) => string.Join(' ', made.Select(each => $"{each.Cid} {each.Outcome}"));

    private static string Text(StoreStatistics made) => $"{string.Join(' ', made.Kinds)} {made.FactRecords} {made.Names}";

    private static string Text(IReadOnlyList<StoreUsage> made) => string.Join(' ', made.Select(each => $"{each.Blocks} {each.ByteLength}"));

    private static async Task<T[]> All<T>(IAsyncEnumerable<T> items)
    {
        var all = new List<T>();
        await foreach (T item in items) all.Add(item);
        return [.. all];
    }

    /// <summary>One long call in both forms; the text is its result.</summary>
    private sealed record LongCall(string Name, Func<AsyncWorld, IProgress<OperationProgress>, CancellationToken, string> Run,
        Func<AsyncWorld, IProgress<OperationProgress>, CancellationToken, Task<string>> RunAsync);

    private sealed class StepReports(Action<MaintenanceStep> handle) : IProgress<MaintenanceStep>
    {
        public void Report(MaintenanceStep value) => handle(value);
    }

    /// <summary>A source that answers nothing until its caller gives up.</summary>
    private sealed class WaitingBackend() : BlockBackend("a source that waits")
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            Assert.True(cancellationToken.CanBeCanceled);
            _ = _asked.TrySetResult();
            _ = cancellationToken.WaitHandle.WaitOne();
            cancellationToken.ThrowIfCancellationRequested();
            bytes = default;
            return false;
        }
    }
}
