namespace ArrowCid.Cli.SelfTest;

/// <summary>One step: how many things it did, of how many bytes, in which time.</summary>
internal sealed record BatchTestStep(string Name, long Count, long Bytes, TimeSpan Elapsed);
