namespace ArrowCid.Benchmarks;

/// <summary>Measurements under way, with the competitors and places that they share.</summary>
internal interface IBench : IDisposable
{
    Rounds Rounds { get; }

    /// <summary>The competitors that are missing, in words; null where they are all there.</summary>
    string? MissingCompetitors { get; }

    /// <summary>Measures everything, or what was named.</summary>
    IEnumerable<Measurement> Run(string[] only);
}
