namespace ArrowCid.Cli.Bench;

/// <summary>Measurements under way, with the peers and places that they share.</summary>
internal interface IBench : IDisposable
{
    Rounds Rounds { get; }

    /// <summary>The peers that are missing, in words; null where they are all there.</summary>
    string? MissingPeers { get; }

    /// <summary>Measures everything, or what was named.</summary>
    IEnumerable<Measurement> Run(string[] only);
}
