namespace ArrowCid.Exchange;

/// <summary>A stream that cannot seek, as a file that can and is gone once it is closed.</summary>
internal static class TemporaryCopy
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Copies what is left of a stream.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it could not be copied.</exception>
    public static FileStream Of(Stream stream)
    {
        string path = Path.Combine(Path.GetTempPath(), $"arrowcid-{Guid.NewGuid():n}");
        FileStream? copy = null;
        try
        {
            copy = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
                BufferSize = 0,
            });
            stream.CopyTo(copy, BufferBytes);
            copy.Position = 0;
            return copy;
        }
        catch (IOException e)
        {
            copy?.Dispose();
            throw new ArrowCidException(ErrorCode.Io, $"the input could not be copied to {path}: {e.Message}", e);
        }
    }
}
