using System.Buffers.Binary;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>By what a control file knows that it is not a copy: the machine, this boot of it, and its own
/// inode.</summary>
internal sealed record StoreIdentity(Guid Machine, Guid Boot, ulong Inode, ulong BirthNanoseconds)
{
    public uint OwnerId { get; init; }

    /// <summary>The boot as one word, for the control file's.</summary>
    public ulong BootBits
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            _ = Boot.TryWriteBytes(bytes);
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
    }

    /// <summary>What a test puts in place of the machine's boot, for stores that its thread opens.</summary>
    [field: ThreadStatic]
    internal static Guid? AssumedBoot { get; set; }

    /// <summary>The boot of the machine now, as one word.</summary>
    public static ulong BootNow =>
        new StoreIdentity(default, AssumedBoot ?? ReadId("/proc/sys/kernel/random/boot_id"), 0, 0).BootBits;

    /// <summary>Of this machine now, for a file. Containers differ in machine id but share the boot id.</summary>
    public static StoreIdentity Of(Memory.FileStatus file) => new(
        ReadId("/etc/machine-id"), AssumedBoot ?? ReadId("/proc/sys/kernel/random/boot_id"),
        file.Inode, file.BirthNanoseconds)
    {
        OwnerId = file.UserId,
    };

    /// <summary>Whether a file that recorded this identity is the file that shows <paramref name="now"/>.</summary>
    /// <param name="now">The file as it is.</param>
    /// <param name="isOfBoot">Whether it was used under this boot; containers may see another machine id.</param>
    public bool IsSameFile(StoreIdentity now, bool isOfBoot) =>
        Inode == now.Inode && BirthNanoseconds == now.BirthNanoseconds && (isOfBoot || Machine == now.Machine);

    // Hashed, so that a copy of the store does not reveal these ids.
    private static Guid ReadId(string path)
    {
        try
        {
            string id = File.ReadAllText(path).Trim();
            Digest256 hash = Sha256.Hash(Encoding.UTF8.GetBytes("arrowcid:" + id));
            return id.Length == 0 ? Guid.Empty : new Guid(Digest256.Bytes(in hash)[..16]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Guid.Empty;
        }
    }
}
