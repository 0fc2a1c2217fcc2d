using System.Globalization;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Proves to a process that a directory it sees holds the very store that another process has open: the same
/// control file under the same running kernel. A copy of the store, another machine's store at the same path and a
/// container with a file system of its own have other proofs.</summary>
internal static class StoreProof
{
    private static readonly Lazy<string> s_boot = new(ReadBoot);

    /// <summary>Returns the proof of an open store, in hexadecimal; null where the kernel does not tell its boot
    /// id.</summary>
    public static string? Of(BlockStore store) =>
        store.ControlFileStatus() is { } file ? Of(file, store.Id) : null;

    /// <summary>Returns the proof of the store that is in a directory now; null where there is none.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="store">The store's id.</param>
    public static string? Of(string directory, Guid store) =>
        FileDescriptor.StatPath(Path.Combine(directory, StoreLayout.ControlName), out FileStatus file) == 0
            ? Of(file, store)
            : null;

    // A hash: the boot id is not told to callers of other machines.
    private static string? Of(in FileStatus file, Guid store) => s_boot.Value.Length == 0
        ? null
        : Sha256.Hash(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"arrowcid {s_boot.Value} {store:D} {file.Device >> 32}:{(uint)file.Device} {file.Inode}"))).ToString();

    private static string ReadBoot()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
