namespace ArrowCid;

/// <summary>How new blocks of a store reach a place.</summary>
public enum PlaceWrite
{
    /// <summary>Only by copies that are asked for.</summary>
    None = 0,

    /// <summary>After the put has returned: the process that serves or maintains the store copies every block there, in
    /// the order of the puts. Until then the block is in the backlog of the place and is not collected.</summary>
    Back = 1,

    /// <summary>Before a put by the server or the command returns. What other processes put, and what failed, is in the
    /// backlog as for <see cref="Back"/>.</summary>
    Through = 2,
}
