using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>Random bytes of the kernel (getrandom, Linux 3.17): the framework's generator needs OpenSSL, without which
/// it ends the process. For any number of threads.</summary>
internal static unsafe class SystemRandom
{
    /// <summary>Draws bytes.</summary>
    /// <param name="count">Their number.</param>
    public static byte[] GetBytes(int count)
    {
        byte[] bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    /// <summary>Draws a number.</summary>
    public static ulong NextUInt64()
    {
        ulong number = 0;
        Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref number)));
        return number;
    }

    private static void Fill(Span<byte> bytes)
    {
        // SAFETY: bytes is pinned for the calls, which write at most its length.
        fixed (byte* start = bytes)
        {
            int done = 0;
            while (done < bytes.Length)
            {
                nint drawn = Native.GetRandom(start + done, (nuint)(bytes.Length - done), 0);
                if (drawn > 0) done += (int)drawn;
                else if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
                    throw new InvalidOperationException($"getrandom failed with {Marshal.GetLastPInvokeError()}");
            }
        }
    }
}
