namespace ArrowCid.Storage;

/// <summary>One thing that is wrong with a store, or worth knowing of it.</summary>
/// <param name="Name">What it is, in a word that stays the same over versions.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Place">Where: a file, with an offset after a plus, or a lane.</param>
/// <param name="Message">What was found there.</param>
/// <param name="Remedy">What to do, where that is known.</param>
internal sealed record StoreFinding(
    string Name, FindingSeverity Severity, string Place, string Message, Remedy? Remedy)
{
    /// <summary>How many findings this one is: more than one where it is what <see cref="Few"/> left out.</summary>
    public int Count { get; init; } = 1;

    // Where thousands of records are damaged the first few say what the rest would.
    private const int MostOfAName = 20;

    /// <summary>The findings, but of one name in one file no more than a few, and then how many more there
    /// are.</summary>
    public static IEnumerable<StoreFinding> Few(IEnumerable<StoreFinding> findings)
    {
        var counts = new Dictionary<(string Name, string File), int>();
        var last = new Dictionary<(string Name, string File), StoreFinding>();
        foreach (StoreFinding finding in findings)
        {
            (string, string) key = (finding.Name, finding.Place.Split('+')[0]);
            int count = counts[key] = counts.GetValueOrDefault(key) + 1;
            if (count <= MostOfAName) yield return finding;
            else last[key] = finding;
        }

        foreach (((string Name, string File) key, StoreFinding finding) in last)
        {
            int more = counts[key] - MostOfAName;
            yield return finding with
            {
                Place = key.File,
                Message = $"and {more} more like it",
                Remedy = finding.Remedy is { } remedy ? new Remedy(remedy.Kind) : null,
                Count = more,
            };
        }
    }
}
