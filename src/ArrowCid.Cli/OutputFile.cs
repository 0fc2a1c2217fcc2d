using System.Runtime.InteropServices;

namespace ArrowCid.Cli;

/// <summary>A file that is there whole or not at all.</summary>
internal static class OutputFile
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Writes a file under a temporary name beside its own, flushes it to the medium and gives it its
    /// name.</summary>
    /// <param name="file">The file; one that is there is replaced.</param>
    /// <param name="write">Writes it, to a stream that can seek and read back.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/> or <see cref="ErrorCode.AccessDenied"/>: it
    /// cannot be written.</exception>
    public static void Write(string file, Action<Stream> write)
    {
        string target = Path.GetFullPath(file);
        string temporary = $"{target}.tmp-{Environment.ProcessId}";
        using PosixSignalRegistration interrupted =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Remove(temporary));
        using PosixSignalRegistration terminated =
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Remove(temporary));
        try
        {
            using (var stream = new FileStream(
                temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, BufferBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(temporary);
            throw new ArrowCidException(e is IOException ? ErrorCode.Io : ErrorCode.AccessDenied,
                $"{file} cannot be written: {e.Message}", e);
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What stopped the writing stops this too; the error that is reported is that one.
        }
    }
}
