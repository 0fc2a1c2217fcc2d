using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// What knows which facts count: compaction asks it, the janitor's thread alone. What one call lets through another
/// does not, until <see cref="ILiveness.Refresh"/>.
/// </summary>
internal interface IFactFilter : ILiveness
{
    /// <summary>What of some records of facts still counts: the words that stand, every change of a name, holds that
    /// go on, and drops of blocks of which a record is left.</summary>
    /// <param name="records">The records of one segment.</param>
    /// <param name="isLeft">Whether a record that a drop of the block voids is still there.</param>
    /// <returns>The same facts in as few payloads as they take, with the stamps that they have; null where not
    /// everything in the records can be read.</returns>
    List<FactPayload>? Filter(IReadOnlyList<FactPayload> records, Func<Digest256, bool> isLeft);
}
