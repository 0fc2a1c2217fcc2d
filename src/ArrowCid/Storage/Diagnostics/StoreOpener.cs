namespace ArrowCid.Storage;

/// <summary>Opens a store.</summary>
/// <returns>What is to be disposed of.</returns>
internal delegate IDisposable StoreOpener(string directory, bool forWriting, out BlockStore store);
