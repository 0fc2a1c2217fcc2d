namespace ArrowCid.Ipc;

/// <summary>Arrow's two ways to put batches in a row (Arrow columnar format, "Serialization and IPC").</summary>
public enum ArrowFormat
{
    /// <summary>Messages one after the other, to be read from the front.</summary>
    Stream,
    /// <summary>The same with a footer, so that any batch can be read first (Feather V2).</summary>
    File,
}
