using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>The error numbers of Linux that the store tells apart.</summary>
internal static class Errno
{
    public const int None = 0, NotFound = 2, Interrupted = 4, Io = 5, Again = 11, NoMemory = 12, Access = 13,
        Exists = 17, NotDirectory = 20, Invalid = 22, TooManyFiles = 24, NoSpace = 28, ReadOnlyFileSystem = 30,
        NotImplemented = 38, Loop = 40, NotSupported = 95, Quota = 122;

    public static string Text(int errno) => Marshal.GetPInvokeErrorMessage(errno);
}
