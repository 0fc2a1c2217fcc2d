namespace ArrowCid.Server.Http;

/// <summary>How far below a path's end a CAR goes.</summary>
internal enum DagScope
{
    /// <summary>All blocks.</summary>
    All,

    /// <summary>The blocks of a file, or those that list a directory.</summary>
    Entity,

    /// <summary>The block at the path's end alone.</summary>
    Block,
}
