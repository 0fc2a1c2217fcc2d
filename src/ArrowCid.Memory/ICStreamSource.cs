namespace ArrowCid.Memory;

/// <summary>What an exported stream hands out.</summary>
internal interface ICStreamSource : IDisposable
{
    CSchemaNode Schema();

    /// <summary>Writes the next batch's struct; nothing at the end.</summary>
    void Next(nint target);

    /// <summary>The errno that stands for an exception.</summary>
    int ErrorNumber(Exception error);
}
