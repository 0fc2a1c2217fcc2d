namespace ArrowCid.Transfer;

/// <summary>What was written, as a file that can be read anywhere and is gone once it is closed.</summary>
internal static class TemporaryCopy
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Copies what is left of a stream.</summary>
    /// <param name="stream">What is copied.</param>
    /// <param name="cancellationToken">Cancels the copy.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it could not be copied.</exception>
    public static FileStream Of(Stream stream, CancellationToken cancellationToken = default) => Of(copy =>
    {
        byte[] piece = new byte[BufferBytes];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = stream.Read(piece);
            if (read == 0) return;
            copy.Write(piece, 0, read);
        }
    });

    /// <summary>Keeps what is written.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it could not be written.</exception>
    public static FileStream Of(Action<Stream> write) => Of(write, "the input could not be copied to");

    /// <summary>Keeps what is written, under another message where that fails.</summary>
    /// <param name="write">Writes the bytes.</param>
    /// <param name="failure">The message's start, before the temporary file's path.</param>
    public static FileStream Of(Action<Stream> write, string failure)
    {
        string path = Path.Combine(Path.GetTempPath(), $"arrowcid-{Guid.NewGuid():n}");
        FileStream? copy = null;
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
                BufferSize = 0,
            };
            // What is copied may be a store's that others may not read.
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            copy = new FileStream(path, options);
            write(copy);
            copy.Position = 0;
            return copy;
        }
        catch (IOException e)
        {
            copy?.Dispose();
            throw new ArrowCidException(IoFault.CodeOf(e), $"{failure} {path}: {e.Message}", e);
        }
        catch
        {
            copy?.Dispose();
            throw;
        }
    }
}
