using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Atomic naming of complete files: of several concurrent calls for one name, one succeeds.</summary>
internal static class NewName
{
    /// <summary>Gives a file another name of its directory, unless something has it.</summary>
    /// <returns>False where something has it.</returns>
    /// <exception cref="ArrowCidException">It cannot be given.</exception>
    public static bool TryGive(string directory, string file, string name)
    {
        using FileDescriptor? folder = FileDescriptor.TryOpenDirectory(directory, out int errno);
        StorageErrors.Check(errno, "cannot open", directory);
        errno = folder!.Link(file, name);
        if (errno == Errno.Exists) return false;
        StorageErrors.Check(errno, "cannot name", Path.Combine(directory, name));
        return true;
    }
}
