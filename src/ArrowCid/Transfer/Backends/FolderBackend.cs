using System.Globalization;
using ArrowCid.Memory;
using Microsoft.Win32.SafeHandles;

namespace ArrowCid.Transfer.Backends;

/// <summary>A directory of files, a block each, as <c>export arrow -o DIR</c> and <c>get -o</c> leave them.</summary>
internal sealed class FolderBackend(string directory) : BlockBackend(directory)
{
    private const string Arrow = ".arrows", Other = ".block";
    private const int MostBytes = int.MaxValue - 1023;

    // Between two pieces of a file a canceled call ends.
    private const int PieceBytes = 1 << 24;

    private static int s_temporary;

    public override bool CanPut => true;

    public override bool CanDelete => true;

    public override bool CanList => true;

    internal override string? LockDirectory => Directory.Exists(Name) ? Name : null;

    protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        foreach (string file in FilesOf(cid))
        {
            if (ReadFile(file, cancellationToken) is not { } found) continue;
            bytes = found;
            return true;
        }

        bytes = default;
        return false;
    }

    protected override bool CanReadRanges => true;

    // A mapping of a file that another program cuts short would kill the process; a read only ends early.
    protected override bool TryReadRange(Cid cid, long offset, Memory<byte> target,
        CancellationToken cancellationToken)
    {
        foreach (string file in FilesOf(cid))
        {
            if (ReadPart(file, cid, offset, target.Span, cancellationToken)) return true;
        }

        return false;
    }

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        FilesOf(cid).Any(OutputPath.IsRegularFile);

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Name)) yield break;
        var seen = new HashSet<Cid>();
        foreach (string file in Files(Name))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string extension = Path.GetExtension(file), text = Path.GetFileNameWithoutExtension(file);
            bool isBlock = extension is Arrow or Other && Cid.TryParse(text, out Cid cid, out _) &&
                cid.Version == 1 && cid.Hash.IsSha256 && FilesOf(cid).Contains(file) && OutputPath.IsRegularFile(file);
            if (isBlock && seen.Add(Cid.Parse(text))) yield return Cid.Parse(text);
        }
    }

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        bool isArrow = cid.Codec == Multicodec.Raw && bytes.Span.StartsWith<byte>([0xff, 0xff, 0xff, 0xff]);
        string file = PathOf(cid, isArrow ? Arrow : Other);
        if (OutputPath.IsRegularFile(file)) return;
        try
        {
            _ = Directory.CreateDirectory(Name);
            var path = OutputPath.Of(file);
            if (!path.IsReplaced) throw new IOException("a device or FIFO, and no file");
            string temporary = string.Create(CultureInfo.InvariantCulture,
                $"{path.Target}.tmp-{Environment.ProcessId}-{Interlocked.Increment(ref s_temporary)}");
            try
            {
                using (FileStream stream = new(temporary, FileMode.CreateNew))
                {
                    for (int at = 0; at < bytes.Length; at += PieceBytes)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        stream.Write(bytes.Span.Slice(at, Math.Min(PieceBytes, bytes.Length - at)));
                    }

                    stream.Flush(flushToDisk: true);
                }

                // A faster process has written the same.
                File.Move(temporary, path.Target, overwrite: true);
                if (FileDescriptor.SyncDirectory(Path.GetDirectoryName(path.Target)!) is not 0 and int errno)
                    throw new IOException($"the directory cannot be flushed: {Errno.Text(errno)}");
            }
            finally
            {
                File.Delete(temporary);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(file, "written", e);
        }
    }

    protected override void Remove(Cid cid, CancellationToken cancellationToken)
    {
        foreach (string file in FilesOf(cid).Where(OutputPath.IsRegularFile))
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Failed(file, "deleted", e);
            }
        }
    }

    private IEnumerable<string> FilesOf(Cid cid)
    {
        if (cid.Codec == Multicodec.Raw) yield return PathOf(cid, Arrow);
        yield return PathOf(cid, Other);
    }

    private string PathOf(Cid cid, string extension) => Path.Combine(Name, cid + extension);

    private static bool ReadPart(string file, Cid cid, long offset, Span<byte> target,
        CancellationToken cancellationToken)
    {
        try
        {
            ThrowIfNotRegular(file);
            using SafeFileHandle handle = File.OpenHandle(file);
            for (int read = 0; read < target.Length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int piece = Math.Min(PieceBytes, target.Length - read);
                int more = RandomAccess.Read(handle, target.Slice(read, piece), offset + read);
                if (more == 0)
                {
                    throw new ArrowCidException(ErrorCode.BlockCorrupt, string.Create(CultureInfo.InvariantCulture,
                        $"{file} ends at {offset + read}, and a part of {cid} is to end at {offset + target.Length}"));
                }

                read += more;
            }

            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(file, "read", e);
        }
    }

    // A FIFO would be waited for.
    private static void ThrowIfNotRegular(string file)
    {
        if (File.Exists(file) && !OutputPath.IsRegularFile(file)) throw new IOException("it is no regular file");
    }

    private static string[] Files(string directory)
    {
        try
        {
            return Directory.GetFiles(directory);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(directory, "listed", e);
        }
    }

    private static byte[]? ReadFile(string file, CancellationToken cancellationToken)
    {
        try
        {
            ThrowIfNotRegular(file);
            using FileStream stream = File.OpenRead(file);
            if (stream.Length > MostBytes)
                throw new ArrowCidException(ErrorCode.TooLarge,
                    $"{file} has {stream.Length} bytes; {MostBytes} at most");
            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)stream.Length);
            int read = 0;
            while (read < bytes.Length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int more = stream.Read(bytes, read, Math.Min(PieceBytes, bytes.Length - read));
                if (more == 0) break;
                read += more;
            }

            return read == bytes.Length ? bytes : bytes[..read];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(file, "read", e);
        }
    }

    private static ArrowCidException Failed(string file, string what, Exception e) =>
        new(IoFault.CodeOf(e), $"{file} cannot be {what}: {e.Message}", e);
}
