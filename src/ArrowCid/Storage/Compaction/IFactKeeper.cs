namespace ArrowCid.Storage;

/// <summary>The keeper of a store's facts, for what the storage asks of it: which blocks were dropped, which records
/// of facts still count, where bytes are damaged, and whether the files derived from the facts are whole. It is given
/// to the store when it is opened; its creator disposes of it.</summary>
internal interface IFactKeeper : IFactFilter, IDamageFacts, IDisposable
{
    /// <summary>Checks the derived files.</summary>
    /// <param name="repairs">Whether damaged ones are rebuilt.</param>
    /// <returns>What is wrong, or null.</returns>
    string? ExamineDerived(bool repairs);
}
