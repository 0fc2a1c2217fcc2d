namespace ArrowCid.Memory;

/// <summary>What an exported stream hands out.</summary>
internal interface ICStreamSource : IDisposable
{
    CSchemaNode Schema();

    /// <summary>Writes the next batch's struct; nothing at the end.</summary>
    void Next(nint target);

    /// <summary>Converts an exception to an errno.</summary>
    int ErrorNumber(Exception error);

    /// <summary>Converts an exception to the stream's last error.</summary>
    string ErrorText(Exception error);
}
