using System.Diagnostics;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>
/// This assembly as a program: the other processes of the tests are it, started with a verb. A test that needs one
/// more adds its verb here.
/// </summary>
internal static class Worker
{
    private static readonly Dictionary<string, Func<string[], int>> s_verbs = new(StringComparer.Ordinal)
    {
        ["put"] = StoreWorker.Put,
        ["look-up"] = StoreWorker.LookUp,
        ["watch"] = StoreWorker.Watch,
        ["facts"] = FactWorker.Put,
        ["hold-name"] = FactWorker.HoldName,
        ["put-expiring"] = ExpiringPutTests.Put,
        ["hold"] = LifeWorker.Hold,
        ["stay"] = LifeWorker.Stay,
        ["ring"] = LifeWorker.Ring,
        ["churn"] = LifeWorker.Churn,
        ["drop"] = LifeWorker.Drop,
        ["compact"] = KeepWorker.Compact,
        ["keep"] = KeepWorker.Keep,
        ["evict"] = KeepWorker.Evict,
        ["count"] = RegistryWorker.Count,
        ["say"] = RegistryWorker.Say,
        ["remove"] = RegistryWorker.Remove,
        ["checkpoint"] = RegistryWorker.Checkpoint,
        ["maintain"] = MaintenanceWorker.Once,
        ["look-after"] = MaintenanceWorker.LookAfter,
        ["hold-block"] = RegistryWorker.Hold,
        ["repair-read"] = RepairWorker.Read,
        ["repair-write"] = RepairWorker.Write,
        ["transaction-read"] = TransactionWorker.Read,
        ["transaction-write"] = TransactionWorker.Write,
        ["memo-count"] = MemoWorker.Count,
        ["memo-once"] = MemoWorker.Once,
        ["cache-read"] = CacheWorker.Read,
        ["cache-evict"] = CacheWorker.Evict,
        ["channel-publish"] = ChannelWorker.Publish,
        ["channel-consume"] = ChannelWorker.Consume,
        ["channel-exchange"] = ChannelWorker.Exchange,
        ["leave-exported"] = CDataWorker.LeaveExported,
    };

    public static int Main(string[] arguments)
    {
        if (arguments.Length > 0 && s_verbs.TryGetValue(arguments[0], out Func<string[], int>? verb))
            return verb(arguments[1..]);
        Console.Error.WriteLine($"verbs: {string.Join(", ", s_verbs.Keys)}");
        return 2;
    }

    /// <summary>Starts a worker, to be killed at a step and pass of it unless <paramref name="crashAt"/> is null.</summary>
    public static Process Start(string? crashAt, params string[] arguments)
    {
        Assert.True(crashAt is null || CrashPoint.IsBuiltIn, "this build has no fault points; build the tests as Debug");
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet"
            ? host
            : "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(Worker).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        // Short processes start faster without the tiers, and crash tests are not about speed.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["ARROWCID_CRASH_AT"] = crashAt ?? "";
        return Process.Start(start)!;
    }
}
