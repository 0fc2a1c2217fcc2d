using System.Globalization;
using System.Runtime.InteropServices;
using ArrowCid.Memory;
using ArrowCid.S3;
using ArrowCid.Transfer;

namespace ArrowCid.Cli;

/// <summary>A file that is there whole or not at all; a device, FIFO or pipe gets the bytes as they come.</summary>
/// <remarks>Until it is whole, a file is beside its place as <c>NAME.tmp-PID</c>, locked by the process that writes it.
/// What a killed process left is removed by the next one that writes the same file.</remarks>
internal static class OutputFile
{
    /// <summary>The path that means standard output.</summary>
    public const string StandardOutput = "-";

    private const int BufferBytes = 1 << 16;
    private const string Mark = ".tmp-";

    /// <summary>Writes to a path. A regular file is written under a temporary name beside its own, flushed to the
    /// medium, and then takes the place, with the mode of the one before; symbolic links are followed. A device or
    /// FIFO is written directly. An object of S3 is uploaded from a temporary file that has all of it.</summary>
    /// <param name="file">The path; <c>-</c> is standard output.</param>
    /// <param name="write">Writes the bytes.</param>
    /// <param name="isStaged">Whether <paramref name="write"/> needs a stream that can seek and read back, or proves
    /// what it wrote: a device, FIFO or pipe then gets a copy of the finished bytes.</param>
    /// <param name="flushed">Called once all is on the medium, before it has its name.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>, <see cref="ErrorCode.AccessDenied"/> or
    /// <see cref="ErrorCode.ResourceExhausted"/>: it cannot be written; <see cref="ErrorCode.InvalidArgument"/>: a
    /// directory or a socket.</exception>
    public static void Write(string file, Action<Stream> write, bool isStaged = false, Action? flushed = null)
    {
        if (file == StandardOutput)
        {
            using var output = new BufferedStream(Output.OpenStream(), BufferBytes);
            Pour(output, write, isStaged, flushed);
            return;
        }

        if (S3Files.Matches(file))
        {
            using FileStream whole = Stage(write);
            S3Files.Write(file, whole);
            flushed?.Invoke();
            return;
        }

        var path = OutputPath.Of(file);
        try
        {
            if (path.IsReplaced)
            {
                Replace(path, write, flushed);
                return;
            }

            // What is staged is finished before a FIFO's reader is waited for.
            using FileStream? whole = isStaged ? Stage(write) : null;
            using var target = new BufferedStream(path.Open(), BufferBytes);
            Pour(target, whole is null ? write : whole.CopyTo, isStaged: false, flushed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !CommandError.IsBrokenPipe(e))
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"{file} cannot be written: {e.Message}", e);
        }
    }

    private static FileStream Stage(Action<Stream> write) =>
        TemporaryCopy.Of(write, "the output could not be staged in");

    private static void Pour(Stream target, Action<Stream> write, bool isStaged, Action? flushed)
    {
        if (isStaged)
        {
            using FileStream whole = Stage(write);
            whole.CopyTo(target);
        }
        else
        {
            write(target);
        }

        target.Flush();
        flushed?.Invoke();
    }

    private static void Replace(OutputPath path, Action<Stream> write, Action? flushed)
    {
        string target = path.Target, temporary = $"{target}{Mark}{Environment.ProcessId}";
        RemoveLeftBehind(target);
        using PosixSignalRegistration interrupted =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Remove(temporary));
        using PosixSignalRegistration terminated =
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Remove(temporary));
        try
        {
            File.Delete(temporary);
            using (FileStream stream = path.Create(temporary, BufferBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            flushed?.Invoke();
            File.Move(temporary, target, overwrite: true);
            if (FileDescriptor.SyncDirectory(Path.GetDirectoryName(target)!) is not 0 and int errno)
                throw new IOException($"its directory cannot be flushed: {Errno.Text(errno)}");
        }
        catch
        {
            Remove(temporary);
            throw;
        }
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
