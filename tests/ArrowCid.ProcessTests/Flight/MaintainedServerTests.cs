using System.Diagnostics;

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
}
