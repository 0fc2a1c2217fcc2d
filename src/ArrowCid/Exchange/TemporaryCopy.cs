namespace ArrowCid.Exchange;

/// <summary>What was written, as a file that can be read anywhere and is gone once it is closed.</summary>
internal static class TemporaryCopy
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Copies what is left of a stream.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it could not be copied.</exception>
    public static FileStream Of(Stream stream) => Of(copy => stream.CopyTo(copy, BufferBytes));

    /// <summary>Keeps what is written.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it could not be written.</exception>
    public static FileStream Of(Action<Stream> write)
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
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            write(copy);
            copy.Position = 0;
            return copy;
        }
        catch (IOException e)
        {
            copy?.Dispose();
            throw new ArrowCidException(IoFault.CodeOf(e), $"the input could not be copied to {path}: {e.Message}", e);
        }
        catch
        {
            copy?.Dispose();
            throw;
        }
    }
}
