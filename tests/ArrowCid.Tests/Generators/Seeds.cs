using System.Globalization;

namespace ArrowCid.Tests.Generators;

/// <summary>Which seeds a property runs over: ARROWCID_SEED replays one, ARROWCID_LONG=1 takes 20,000.</summary>
internal static class Seeds
{
    public const int Default = 300;

    public static IEnumerable<int> All
    {
        get
        {
            if (Environment.GetEnvironmentVariable("ARROWCID_SEED") is { Length: > 0 } seed)
                return [int.Parse(seed, CultureInfo.InvariantCulture)];
            return Enumerable.Range(1, Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 20_000 : Default);
        }
    }

    /// <summary>Whether the default seeds or more run, so that what they cover may be counted.</summary>
    public static bool AreMany => All.Skip(1).Any();

    /// <summary>Returns how often something must occur over all seeds: 0 where a single one is replayed.</summary>
    /// <param name="times">The least number of times over the default seeds.</param>
    public static int Least(int times) => AreMany ? times : 0;

    /// <summary>Runs a property for each seed; what fails names its seed and batch.</summary>
    public static void Run(Action<RandomBatch, Random> property)
    {
        foreach (int seed in All)
        {
            RandomBatch batch = RandomBatch.Make(seed);
            try
            {
                property(batch, new Random(seed));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{batch}\n{e.Message}", e);
            }
        }
    }
}
