namespace ArrowCid.Benchmarks;

/// <summary>The measurements of <c>store</c>, by name.</summary>
internal static class StoreBench
{
    private static readonly (string Name, Func<StoreBenchRun, IEnumerable<Measurement>> Run)[] s_all =
    [
        ("lookup", LookupBench.LookUp),
        ("get", GetBench.Run),
        ("apache", ApacheBench.Run),
        ("put", PutBench.Raw),
        ("encode", PutBench.Encoded),
        ("stream", StreamBench.Stream),
        ("many", ManyBench.Small256),
        ("large", PutBench.Large),
        ("lanes", ManyBench.Lanes),
        ("wake", StreamBench.Wake),
        ("durable", DurableBench.Run),
        ("readers", LookupBench.Readers),
    ];

    public static IEnumerable<string> Names => s_all.Select(each => each.Name);

    /// <summary>Measures everything, or what was named.</summary>
    public static IEnumerable<Measurement> Run(StoreBenchRun run, string[] only) => s_all
        .Where(each => only.Length == 0 || only.Contains(each.Name))
        .SelectMany(each => Run(run, each.Name, each.Run));

    /// <summary>What there is no room for is said, and the rest goes on.</summary>
    private static IEnumerable<Measurement> Run(
        StoreBenchRun run, string name, Func<StoreBenchRun, IEnumerable<Measurement>> bench)
    {
        using IEnumerator<Measurement> figures = bench(run).GetEnumerator();
        while (true)
        {
            Measurement? figure;
            try
            {
                figure = figures.MoveNext() ? figures.Current : null;
            }
            catch (ArrowCidException e) when (e.Code is ErrorCode.StoreFull or ErrorCode.TooLarge)
            {
                figure = new Measurement(name, null, null, "", "", null) { IsGoalForHere = false, Note = e.Message };
            }

            if (figure is null) yield break;
            yield return figure;
        }
    }
}
