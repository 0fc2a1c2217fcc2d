using ArrowCid.Memory;

namespace ArrowCid.Transfer;

/// <summary>What a path to be written leads to. A regular file is replaced by a finished one; a device, FIFO or pipe is
/// written as it stands; symbolic links are followed.</summary>
internal sealed class OutputPath
{
    private const int MaxLinks = 40;
    private const uint TypeMask = 0xf000, Regular = 0x8000, DirectoryType = 0x4000, Socket = 0xc000,
        Permissions = 0x1ff;

    private readonly FileStatus? _existing;

    private OutputPath(string target, FileStatus? existing, bool isReplaced) =>
        (Target, _existing, IsReplaced) = (target, existing, isReplaced);

    /// <summary>The path at the end of all symbolic links.</summary>
    public string Target { get; }

    /// <summary>Whether it is a regular file, or missing: then a finished file takes its place. Else
    /// <see cref="Open"/> writes to it.</summary>
    public bool IsReplaced { get; }

    /// <summary>Whether nothing is there yet.</summary>
    public bool IsMissing => IsReplaced && _existing is null;

    /// <summary>Looks at a path.</summary>
    /// <param name="path">The path; a dangling link leads to the file that it names.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a directory or a socket;
    /// <see cref="ErrorCode.Io"/>: its directory is missing; <see cref="ErrorCode.AccessDenied"/>: it may not be
    /// looked at.</exception>
    public static OutputPath Of(string path)
    {
        FileName.Require(path);
        int errno = FileDescriptor.StatPath(Path.GetFullPath(path), out FileStatus status);
        if (errno == 0) return OfExisting(path, status);
        if (errno is Errno.Access) throw new ArrowCidException(ErrorCode.AccessDenied, Text(path, Errno.Text(errno)));
        if (errno is not Errno.NotFound) throw new ArrowCidException(ErrorCode.Io, Text(path, Errno.Text(errno)));
        if (Path.EndsInDirectorySeparator(path))
            throw new ArrowCidException(ErrorCode.InvalidArgument, Text(path, "a directory; name a file"));
        string target = Resolve(path);
        string parent = Path.GetDirectoryName(target)!;
        if (Directory.Exists(parent)) return new OutputPath(target, null, isReplaced: true);
        throw new ArrowCidException(ErrorCode.Io, Text(path, $"there is no directory {parent}; make it first"));
    }

    /// <summary>Whether a path is a regular file, symbolic links followed.</summary>
    public static bool IsRegularFile(string path) =>
        FileDescriptor.StatPath(path, out FileStatus status) == 0 && (status.Mode & TypeMask) == Regular;

    /// <summary>Opens what is not replaced, to be written forward. A FIFO waits for its reader.</summary>
    public FileStream Open()
    {
        // Without a share mode the runtime takes a lock, which a device or FIFO need not have.
        var stream = new FileStream(Target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        if (_existing is { } existing && (existing.Mode & TypeMask) == Regular) stream.SetLength(0);
        return stream;
    }

    /// <summary>Makes a file beside the target, with the mode and as far as possible the owner of the file that it is
    /// to replace.</summary>
    public FileStream Create(string temporary, int bufferBytes)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = bufferBytes,
        };
        // It is unreadable for others until it has its final mode.
        if (_existing is not null && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var stream = new FileStream(temporary, options);
        if (_existing is not { } existing || OperatingSystem.IsWindows()) return stream;
        try
        {
            uint mode = existing.Mode & Permissions;
            if (FileDescriptor.ChangeOwner(stream.SafeFileHandle, existing.UserId, existing.GroupId) != 0 &&
                FileDescriptor.ChangeOwner(stream.SafeFileHandle, FileDescriptor.SameId, existing.GroupId) != 0)
            {
                // Another group gets no more than anyone.
                mode = (mode & ~0x38u) | ((mode & 7) << 3);
            }

            File.SetUnixFileMode(stream.SafeFileHandle, (UnixFileMode)mode);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static OutputPath OfExisting(string path, FileStatus status)
    {
        switch (status.Mode & TypeMask)
        {
            case DirectoryType:
                throw new ArrowCidException(ErrorCode.InvalidArgument, Text(path, "a directory; name a file in it"));
            case Socket:
                throw new ArrowCidException(ErrorCode.InvalidArgument, Text(path, "a socket; name a file"));
            case Regular:
                string target = Resolve(path);
                bool isThere = FileDescriptor.StatPath(target, out FileStatus found) == 0 &&
                    (found.Inode, found.Device) == (status.Inode, status.Device);
                // A link of /proc leads to an open file by no path.
                return isThere ? new OutputPath(target, status, isReplaced: true) : new OutputPath(path, status, false);
            default:
                return new OutputPath(path, status, isReplaced: false);
        }
    }

    /// <summary>The path without symbolic links, as the kernel walks it; its last part need not exist.</summary>
    private static string Resolve(string path)
    {
        var open = new Stack<string>();
        Push(Path.GetFullPath(path));
        string at = "/";
        int links = 0;
        while (open.TryPop(out string? part))
        {
            if (part == "..")
            {
                at = Path.GetDirectoryName(at) ?? "/";
                continue;
            }

            string next = Path.Join(at, part);
            if (new FileInfo(next).LinkTarget is not { } link)
            {
                at = next;
                continue;
            }

            if (++links > MaxLinks) throw new ArrowCidException(ErrorCode.Io, Text(path, Errno.Text(Errno.Loop)));
            if (Path.IsPathRooted(link)) at = "/";
            Push(link);
        }

        return at;

        void Push(string parts)
        {
            foreach (string part in parts.Split('/').Where(part => part.Length > 0 && part != ".").Reverse())
                open.Push(part);
        }
    }

    private static string Text(string path, string what) => $"{path} cannot be written: {what}";
}
