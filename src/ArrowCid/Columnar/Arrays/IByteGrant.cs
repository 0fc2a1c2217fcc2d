namespace ArrowCid.Columnar;

/// <summary>A larger budget that several readers share.</summary>
internal interface IByteGrant
{
    /// <summary>Counts bytes, or throws where they are not free.</summary>
    void Take(long bytes);

    /// <summary>Gives bytes back.</summary>
    void Return(long bytes);
}
