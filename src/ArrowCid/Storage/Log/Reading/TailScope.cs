namespace ArrowCid.Storage;

/// <summary>Which records a tail tells of. It passes all of them in the order of their numbers: who hears of a block
/// has heard of the facts put with it.</summary>
[Flags]
internal enum TailScope
{
    Blocks = 1,
    Facts = 2,
    All = Blocks | Facts,

    /// <summary>Every record, facts without their bytes: for readers that wait between records of any kind.</summary>
    Every = 4,
}
