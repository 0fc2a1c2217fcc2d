using System.Runtime.CompilerServices;

namespace ArrowCid.Memory;

internal static class SizeOf
{
    // SAFETY: asks for a size only; nothing is read.
    public static int Type<T>() where T : unmanaged => Unsafe.SizeOf<T>();

    // SAFETY: the same.
    public static int Any<T>() => Unsafe.SizeOf<T>();
}
