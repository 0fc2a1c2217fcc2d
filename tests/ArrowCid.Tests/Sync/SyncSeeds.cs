using System.Globalization;

namespace ArrowCid.Tests.Sync;

/// <summary>The seeds of the tests of sync: 40, with ARROWCID_LONG=1 5,000; ARROWCID_SEED replays one.</summary>
internal static class SyncSeeds
{
    public static IEnumerable<int> All
    {
        get
        {
            if (Environment.GetEnvironmentVariable("ARROWCID_SEED") is { Length: > 0 } seed)
                return [int.Parse(seed, CultureInfo.InvariantCulture)];
            return Enumerable.Range(1, Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 5_000 : 40);
        }
    }
}
