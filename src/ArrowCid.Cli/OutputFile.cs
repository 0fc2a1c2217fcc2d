using System.Globalization;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Cli;

/// <summary>A file that is there whole or not at all.</summary>
/// <remarks>Until it is whole it lies beside its place as <c>NAME.tmp-PID</c>, locked by who writes it. What a killed
/// process left so is removed by the next one that writes the same file.</remarks>
internal static class OutputFile
{
    private const int BufferBytes = 1 << 16;
    private const string Mark = ".tmp-";

    /// <summary>Writes a file under a temporary name beside its own, flushes it to the medium, gives it its name and
    /// flushes that.</summary>
    /// <param name="file">The file; one that is there is replaced.</param>
    /// <param name="write">Writes it, to a stream that can seek and read back.</param>
    /// <param name="flushed">Called once all is on the medium, before it has its name.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/> or <see cref="ErrorCode.AccessDenied"/>: it
    /// cannot be written.</exception>
    public static void Write(string file, Action<Stream> write, Action? flushed = null)
    {
        string target = Path.GetFullPath(file);
        string temporary = $"{target}{Mark}{Environment.ProcessId}";
        RemoveLeftBehind(target);
        using PosixSignalRegistration interrupted =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Remove(temporary));
        using PosixSignalRegistration terminated =
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Remove(temporary));
        try
        {
            using (var stream = new FileStream(
                temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None, BufferBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            flushed?.Invoke();
            File.Move(temporary, target, overwrite: true);
            if (FileDescriptor.SyncDirectory(Path.GetDirectoryName(target)!) is not 0 and int errno)
                throw new IOException($"its directory cannot be flushed: {Errno.Text(errno)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(temporary);
            throw new ArrowCidException(IoFault.CodeOf(e),
                $"{file} cannot be written: {e.Message}", e);
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    /// <summary>Writes a file, or for <c>-</c> to standard output.</summary>
    public static void WriteOrPipe(string file, Action<Stream> write)
    {
        if (file != "-")
        {
            Write(file, write);
            return;
        }

        using Stream output = Output.OpenStream();
        write(output);
    }

    /// <summary>Removes what dead processes left of a file.</summary>
    private static void RemoveLeftBehind(string target)
    {
        string start = Path.GetFileName(target) + Mark;
        try
        {
            foreach (string left in Directory.EnumerateFiles(Path.GetDirectoryName(target)!))
            {
                string name = Path.GetFileName(left);
                bool isDead = name.StartsWith(start, StringComparison.Ordinal)
                    && int.TryParse(name.AsSpan(start.Length), NumberStyles.None, CultureInfo.InvariantCulture,
                        out int pid)
                    && !Directory.Exists($"/proc/{pid}");
                if (isDead && IsUnlocked(left)) Remove(left);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A directory that is not there or not to be read: writing the file says so.
        }
    }

    /// <summary>A process of another container has its lock, and no entry in this one's list.</summary>
    private static bool IsUnlocked(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
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
