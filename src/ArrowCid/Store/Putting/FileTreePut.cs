using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Directories as blocks.</summary>
internal static class FileTreePut
{
    /// <summary>Stores the node of a directory (<see cref="FileTree"/>) of files that are stored.</summary>
    /// <param name="store">The store.</param>
    /// <param name="files">The CIDs of the files by their paths.</param>
    /// <param name="sweep">The sweep word from before the files were stored or looked up.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a file is not stored
    /// here.</exception>
    public static PutResult Put(CidStore store, IReadOnlyCollection<KeyValuePair<string, Cid>> files, ulong sweep)
    {
        PutResult put = store.PutRaw(FileTree.NodeOf(files), Multicodec.DagCbor);
        store.Registry.Pins.KeepTogether(files.Select(file => file.Value).Append(put.Cid), sweep);
        return put;
    }
}
