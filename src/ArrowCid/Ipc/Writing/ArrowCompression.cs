namespace ArrowCid.Ipc;

/// <summary>How the buffers of Arrow IPC messages are compressed (<c>BodyCompression</c> of Arrow's Message.fbs). It
/// never changes a CID: blocks are hashed without it.</summary>
public enum ArrowCompression
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>LZ4 frames: fast, for wires of a gigabit and more.</summary>
    Lz4,

    /// <summary>Zstandard frames: smaller.</summary>
    Zstd,
}
