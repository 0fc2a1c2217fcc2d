using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Http;

namespace ArrowCid.ProcessTests.Flight;

public class MaintainedServerTests
{
    [Theory]
    [InlineData("100ms", true)]
    [InlineData("off", false)]
    public async Task A_server_looks_after_its_store_unless_it_is_told_not_to(string setting, bool isMaintained)
    {
        using ServedStore served = ServedStore.Start("--maintenance", setting);
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.PutRaw("expires"u8.ToArray()).Cid;
        store.Metadata.SetExpiry(cid, DateTimeOffset.UtcNow);
        long started = Stopwatch.GetTimestamp();
        while (isMaintained && store.Metadata.Get(cid) is { IsPresent: true })
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(2), "nothing expires");
            await Task.Yield();
        }

        Assert.Equal(isMaintained ? served.ProcessId : null, store.Maintenance.GetMaintainer());
        Assert.Equal(isMaintained ? 0 : 1, store.Maintenance.RunOnce(dryRun: true).Count(step => step.Task == MaintenanceTask.Expire));
    }

    [Fact]
    public async Task Log_of_a_server_has_what_its_store_finds_and_does()
    {
        using ServedStore served = ServedStore.Start("--maintenance", "100ms", "--log", "json");
        using (CidStore store = CidStore.Open(served.Directory))
        {
            Cid cid = store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(new long[1000])))).Cid, gone = store.PutRaw("expires"u8.ToArray()).Cid;
            Damage.Change(store, cid, 5000);
            using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
            using HttpResponseMessage answer = await client.GetAsync($"/ipfs/{cid}?format=raw");
            Assert.False(answer.IsSuccessStatusCode);
            store.Metadata.SetExpiry(gone, DateTimeOffset.UtcNow);
            using var most = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (store.Metadata.Get(gone) is { IsPresent: true })
            {
                most.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        Assert.Equal(0, served.Terminate());
        string[] lines = [.. served.Log.Split('\n').Where(line => line.Contains("\"category\":\"ArrowCid.CidStore\"", StringComparison.Ordinal))];
        foreach (StoreNotificationKind kind in new[] { StoreNotificationKind.DamageFound, StoreNotificationKind.MaintenanceDone })
            Assert.Contains(lines, line => line.Contains($"\"event\":{(int)kind},", StringComparison.Ordinal));
    }
}
