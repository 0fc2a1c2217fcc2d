namespace ArrowCid.Ipld;

/// <summary>The kind of a UnixFS node; the numbers are the format's.</summary>
public enum UnixFsKind
{
    /// <summary>A part of a file, as older writers made it.</summary>
    Raw = 0,
    /// <summary>A directory whose links are its entries.</summary>
    Directory = 1,
    /// <summary>A file, or a part of it.</summary>
    File = 2,
    /// <summary>Metadata of a file; never written.</summary>
    Metadata = 3,
    /// <summary>A symbolic link; the data is its target.</summary>
    Symlink = 4,
    /// <summary>A directory in a hash array mapped trie, or a shard of it.</summary>
    HamtShard = 5,
}
