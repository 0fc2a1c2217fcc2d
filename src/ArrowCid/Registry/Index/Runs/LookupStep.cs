namespace ArrowCid.Registry;

/// <summary>What the steps of a look-up by a digest come to.</summary>
internal enum LookupStep
{
    Guess,
    Pages,
    Directory,
    Page,
}
