namespace ArrowCid.Cli.SelfTest;

/// <summary>What a batch test is asked for.</summary>
/// <param name="Directory">Where its store is made.</param>
/// <param name="Count">Batches.</param>
/// <param name="Rows">Rows of each.</param>
/// <param name="Seed">What they are drawn from.</param>
internal sealed record BatchTestOptions(string Directory, int Count, int Rows, int Seed);
