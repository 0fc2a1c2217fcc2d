namespace ArrowCid.ProcessTests;

/// <summary>The workers that maintain a store.</summary>
internal static class MaintenanceWorker
{
    /// <summary>maintain DIRECTORY: does once what there is to do, to be killed at a step.</summary>
    public static int Once(string[] arguments)
    {
        using CidStore store = RegistryWorker.Open(arguments[0]);
        foreach (MaintenanceStep step in store.Maintenance.RunOnce()) Console.WriteLine($"{step.Task} {step.Count} {step.Failure}");
        return 0;
    }

    /// <summary>look-after DIRECTORY: maintains the store, or waits to take over, until its input ends.</summary>
    public static int LookAfter(string[] arguments)
    {
        using CidStore store = CidStore.Open(arguments[0], new CidStoreOptions
        {
            Timeout = TimeSpan.FromSeconds(60),
            Maintenance = new MaintenanceOptions { Interval = TimeSpan.FromMilliseconds(20) },
        });
        Console.WriteLine("open");
        _ = Console.In.ReadLine();
        return 0;
    }
}
